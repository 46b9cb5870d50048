/** What the Temporal Web UI shows as current details: how far it is, and what became of it. */
import { setCurrentDetails } from '@temporalio/workflow'
import { changesText, leftOutText } from '../src/domain/counts.ts'
import type { IngestInput, Progress } from '../src/domain/ingestInput.ts'
import { inMarkdown } from '../src/domain/shortText.ts'
import type { Counts, Phase } from '../src/domain/words.ts'

type Shown = Omit<Progress, 'phase'> & { phase: Phase }

/** A name of PostgreSQL has 63 bytes at most, a sentence of a note rarely more than this. */
const targetCharsMax = 140
const noteCharsMax = 500
/** The server shows 20,000 bytes. */
const charsMax = 10_000

export const show = (input: IngestInput, progress: Shown): void =>
  setCurrentDetails(linesOf(input, progress).join('\n'))

/** The ingests of the targets show how far they are themselves. */
export function showTargets(input: IngestInput, phase: Phase, targets: number): void {
  const lines = [headOf(input, phase), targets > 0 ? `- targets: ${targets}` : '']
  setCurrentDetails(lines.filter(Boolean).join('\n'))
}

/** At the end: what was loaded and rejected, into which columns, and what was guessed or changed. */
export function showEnd(input: IngestInput, { paused }: Progress, counts: Counts): void {
  const { files, units, rowsLoaded } = counts
  const { columns = [], notes = [] } = counts
  const lines = [
    headOf(input, paused ? 'completed, though paused' : 'completed'),
    `- files: ${files}`,
    units > 0 ? `- units: ${units}` : '',
    units > 0 ? `- rows: ${rowsLoaded} loaded${changesText(counts)}, ${leftOutText(counts)}` : '',
    columns.length > 0
      ? `- columns: ${columns.map((each) => inMarkdown(each, 80)).join(', ')}`
      : '',
    ...notes.map(({ message, hint }) => {
      const note = inMarkdown(hint ? `${message} ${hint}` : message, noteCharsMax)
      return `- note: ${note}`
    }),
  ]
  setCurrentDetails(lines.filter(Boolean).join('\n').slice(0, charsMax))
}

const headOf = ({ target }: IngestInput, state: string): string =>
  `**${state}** → ${target === null ? 'steps' : inMarkdown(target, targetCharsMax)}`

function linesOf(input: IngestInput, progress: Shown): string[] {
  const { phase, paused, files, lots, next, units, loaded } = progress
  const { rowsLoaded, rowsRejected } = progress
  const lines = [
    headOf(input, paused ? 'paused' : phase),
    files > 0 ? `- files: ${files}` : '',
    phase === 'stage' ? `- lots: ${next} of ${lots}` : '',
    phase === 'step' ? `- files: ${next} of ${files}` : '',
    units > 0 ? `- units: ${loaded} of ${units}` : '',
    units > 0 ? `- rows: ${rowsLoaded} loaded, ${rowsRejected} rejected` : '',
  ]
  return lines.filter(Boolean)
}
