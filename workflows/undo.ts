import { proxyActivities, setCurrentDetails } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { problemOfUndo } from '../src/domain/input.ts'
import type { UndoInput, Undone } from '../src/domain/undo.ts'
import { causeOf } from './cause.ts'
import { heartbeatOf, long } from './options.ts'
import { refused } from './refuse.ts'

const { undoIngest: undo } = proxyActivities<Activities>(long)

/** Takes an ingest back: one activity, one transaction. */
export async function undoIngest(input: UndoInput): Promise<Undone> {
  const problem = problemOfUndo(input)
  if (problem) throw refused(problem)
  try {
    const undone = await undo.executeWithOptions(heartbeatOf(input), [input])
    const { rowsRemoved, rowsRestored, rowsKept } = undone
    setCurrentDetails(`${rowsRemoved} rows removed, ${rowsRestored} restored, ${rowsKept} kept`)
    return undone
  } catch (error) {
    throw causeOf(error)
  }
}
