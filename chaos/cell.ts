/** Plays one cell: an ingest comes into the middle of a verb, the fault happens, all is counted. */
import { join } from 'node:path'
import type { IngestView } from '../src/postgres/ledger/views.ts'
import { checkCounts, checkLeft, checkStage, checkTarget } from './account.ts'
import { openSmallDisk, type SmallDisk } from './disk.ts'
import { faults } from './faults.ts'
import type { Ground } from './ground.ts'
import { type Cell, type FaultName, nameOf } from './matrix.ts'
import { type Crop, writeSource } from './rows.ts'
import { openScene, type Scene } from './scene.ts'
import { holdVerb, isSmall, makeTarget } from './verbs.ts'

export interface Played {
  cell: Cell
  /** `completed`, `failed: code`, or `not possible here`; what was expected, unless `problems`. */
  outcome: string
  /** From the fault to the end of the ingest. */
  seconds: number | null
  /** What does not hold. */
  problems: string[]
  /** Why it was not played. */
  why?: string
}

/** Some 90 KB, in six units. */
const source = { files: 6, rows: 500, bad: 2, broken: 1, firstId: 0 }
const fileBytes = 16 * 1024

/** A full disk has room for two files of the source, or for all of it and two of the step's. */
const small = { sizeBytes: 1024 * 1024 }
const freeBytes = { stage: 2.5 * fileBytes, step: (source.files + 2.5) * fileBytes }

export async function playCell(ground: Ground, cell: Cell): Promise<Played> {
  const name = nameOf(cell).replace('/', '_')
  let disk: SmallDisk | null = null
  if (cell.fault === 'full') {
    const free = freeBytes[cell.verb as keyof typeof freeBytes]
    const opened = await openSmallDisk(join(ground.folder, `${name}_disk`), {
      ...small,
      freeBytes: Math.floor(free),
    })
    if (typeof opened === 'string') {
      return { cell, outcome: 'not possible here', seconds: null, problems: [], why: opened }
    }
    disk = opened
  }
  let scene: Scene | null = null
  try {
    scene = await openScene(ground, name, { hasSteps: cell.verb === 'step', disk })
    return await play(scene, cell, disk)
  } catch (error) {
    const { message } = error as Error
    return { cell, outcome: 'not brought to its end', seconds: null, problems: [message] }
  } finally {
    await (scene ?? disk)?.close()
  }
}

/** Another one must be there, to find it and to go on. */
const isOfWorker = (fault: FaultName): boolean => fault === 'sigkill' || fault === 'sigstop'

async function play(scene: Scene, cell: Cell, disk: SmallDisk | null): Promise<Played> {
  const { verb, fault, place, expected } = cell
  // One file is one unit, which the one transaction of a small ingest is for.
  const files = isSmall(verb) ? 1 : source.files
  const crop = await writeSource({ ...source, files, folder: join(scene.folder, 'source') })
  await makeTarget(scene)
  const hold = await holdVerb(scene, verb, place)
  if (disk) await hold.release()
  const worker = await scene.startWorker()
  const spec = {
    source: { kind: 'directory' as const, path: crop.path },
    target: { table: 'target' },
    ...(verb === 'step' && { steps: ['copy'] }),
  }
  const ingestId = await scene.start(spec, { isSmall: isSmall(verb) })
  const held = disk ? [] : await hold.untilHeld(worker.printed)
  if (isOfWorker(fault)) await scene.startWorker()
  const startMs = Date.now()
  await faults[fault]({ scene, verb, worker, place, hold, held, disk })
  const view = await scene.ended(ingestId)
  const seconds = Math.round((Date.now() - startMs) / 1000)
  const problems = await count(scene, { cell, view, crop }, disk)
  const code = view.error?.code
  const outcome = code === undefined ? view.state : `${view.state}: ${code}`
  const isExpected = view.state === expected.state
  const log = isExpected && problems.length === 0 ? [] : [await worker.printed()]
  return { cell, outcome, seconds, problems: [...problems, ...log] }
}

async function count(
  scene: Scene,
  { cell, view, crop }: { cell: Cell; view: IngestView; crop: Crop },
  disk: SmallDisk | null,
): Promise<string[]> {
  const { expected, fault } = cell
  const account = { view, expected, crop }
  const dropped = fault === 'dropped' ? null : []
  const published = expected.state === 'completed' ? [crop] : dropped
  const last = scene.workers.at(-1)
  const stageDir = last && disk ? disk.seenFrom(last.pid) : scene.stageDir
  return [
    ...(await checkCounts(scene, account)),
    ...(await checkTarget(scene, 'target', published)),
    ...(await checkStage(stageDir)),
    ...(await dismiss(scene)),
    ...(await checkLeft(scene)),
  ]
}

/** Every worker that lives must be able to leave in order. */
export async function dismiss({ workers }: Pick<Scene, 'workers'>): Promise<string[]> {
  const living = workers.filter((worker) => worker.isRunning())
  const ends = await Promise.all(
    living.map(async (worker) => ({ ...(await worker.stop()), printed: await worker.printed() })),
  )
  // One that was not ready has nothing in hand, and need not say that it leaves.
  const isEarly = ({ signal, printed }: (typeof ends)[number]) =>
    signal === 'SIGTERM' && !printed.includes('activities at once')
  return ends
    .filter((end) => end.code !== 0 && !isEarly(end))
    .map(({ code, signal }) => `a worker left with ${code ?? signal}`)
}
