/** Ingests in words, for people. */
import { isAbsolute, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { changesText, leftOutText } from '../domain/counts.ts'
import { number, plural } from '../domain/plural.ts'
import { shortSize as size } from '../domain/shortText.ts'
import type { Buckets } from '../domain/undo.ts'
import type { Note } from '../errors/notes.ts'
import { shellHintOf } from '../errors.ts'
import type { Reject } from '../ingests/rejectView.ts'
import type { Ingest, IngestNow } from './client.ts'
import { colors } from './colors.ts'

export { number, plural, size }

const rows = (value: number): string => plural(value, 'row')

/** `812 ms`, `5.7 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`
}

export function tookMs({ createdAt, endedAt }: Ingest, now = Date.now()): number {
  // The clock here may be behind that of the database.
  return Math.max(0, (endedAt ? Date.parse(endedAt) : now) - Date.parse(createdAt))
}

const marks = {
  completed: colors.green('✓'),
  failed: colors.red('✗'),
  cancelled: colors.yellow('–'),
  undone: colors.yellow('–'),
} as const

/** How it ended, in a line or three. */
export function outcome(view: IngestNow): string {
  const mark = marks[view.state as keyof typeof marks] ?? '·'
  const head = `${mark} ${view.id} ${view.state} in ${duration(tookMs(view))}`
  const lines = [`${head}: ${counts(view)}`]
  if (view.error) lines.push(`  ${view.error.message}`)
  const hint = view.error && shellHintOf(view.error)
  if (hint) lines.push(`  ${hint}`)
  if (view.problem) lines.push(`  ${colors.yellow(view.problem)}`)
  lines.push(...checkLines(view).map((line) => `  ${line}`))
  lines.push(...noteLines(view).map((line) => `  ${line}`))
  lines.push(...targetLines(view).map((line) => `  ${line}`))
  const rejected = view.targets.length > 0 ? view.targets : [view]
  for (const { id, rowsRejected } of rejected) {
    if (rowsRejected > 0) lines.push(`  Rejects: sluice rejects ${id}`)
  }
  return lines.join('\n')
}

/** What became of each target of several, a line each. */
const targetLines = ({ targets }: IngestNow): string[] => targets.map(targetLine)

function targetLine(each: IngestNow['targets'][number]): string {
  const { id, target, state, files, rowsLoaded } = each
  const isGone = state === 'failed' || state === 'cancelled'
  const loaded = isGone ? 'nothing was published' : `${rows(rowsLoaded)} loaded`
  const counts = `${loaded}, ${leftOutText(each, number)}`
  return `${target} ${state}: ${counts}, ${plural(files, 'file')} (${id})`
}

/** The checks that have something to say, and how many have passed. */
function checkLines({ checks }: IngestNow): string[] {
  if (checks.length === 0) return []
  const broken = checks.filter(({ passed }) => !passed)
  const passed = checks.length - broken.length
  const head = `Checks: ${number(passed)} of ${number(checks.length)} passed`
  return [head, ...broken.map((check) => `${colors.yellow('Check:')} ${checkLine(check)}`)]
}

/** `not-null id: id is NULL in 1 row: /data/trips.csv line 8 (warn)`. */
function checkLine({ name, severity, passed, message }: IngestNow['checks'][number]): string {
  const short = name.length > nameCharsMax ? `${name.slice(0, nameCharsMax)}…` : name
  return passed ? `${short}: passed` : `${short} (${severity}): ${message}`
}

const nameCharsMax = 120
const notesInOutcome = 10

/** What was guessed, left out or changed, a line each. */
function noteLines({ id, notes }: IngestNow): string[] {
  const lines = notes.slice(0, notesInOutcome).map(noteLine)
  const more = notes.length - notesInOutcome
  return more > 0 ? [...lines, `${plural(more, 'more note')}: sluice status ${id}`] : lines
}

export const noteLine = ({ message, hint }: Note): string =>
  `${colors.yellow('Note:')} ${hint ? `${message} ${hint}` : message}`

/** What became of the rows that were not loaded. */
export const leftOut = (view: Ingest): string => leftOutText(view, number)

function counts(view: IngestNow): string {
  const { state, rowsLoaded, target, stepsFinished, targets } = view
  const rejected = leftOut(view)
  if (target === null) return `steps done: ${number(stepsFinished)}`
  if (view.undone) return inBuckets(view.undone)
  const changed = changesText(view, number)
  if (state === 'completed') {
    return `${rows(rowsLoaded)} loaded into ${target}${changed}, ${rejected}`
  }
  const published = targets.filter((each) => each.state === 'completed').length
  if (published > 0) return `${number(published)} of ${plural(targets.length, 'target')} published`
  return `nothing was published to ${target}, ${rejected}`
}

/** All that there is to know, a line each. */
export function details(view: IngestNow): string {
  const { workflow } = view
  const facts: [string, string | null][] = [
    ['ingest', view.id],
    ['state', view.phase && view.state !== 'queued' ? `${view.state} (${view.phase})` : view.state],
    ['target', targetOf(view)],
    ...targetLines(view).map((line): [string, string] => ['target', line]),
    ['part of', view.partOf],
    [
      'steps',
      view.spec.steps ? `${view.spec.steps.join(', ')}: ${number(view.stepsFinished)} done` : null,
    ],
    ['files', `${number(view.filesStaged)} of ${number(view.files)} staged`],
    ['size', view.sizeBytes === null ? null : size(view.sizeBytes)],
    ['units', `${number(view.unitsLoaded)} of ${number(view.units)} loaded`],
    ['rows', `${number(view.rowsLoaded)} loaded${changesText(view, number)}, ${leftOut(view)}`],
    ['rejects', again(view)],
    ['undo', undoOf(view)],
    ['entered', view.createdAt],
    ['took', duration(tookMs(view))],
    ['workflow', workflow && `${workflow.status}, ${workflow.historyEvents} events`],
    ['Web UI', view.links.ui],
    ['error', view.error && `${view.error.code}: ${view.error.message}`],
    ['hint', view.error && shellHintOf(view.error)],
    ['waiting', view.waiting && colors.yellow(view.waiting)],
    ['problem', view.problem && colors.yellow(view.problem)],
    ...view.retrying.map(retryOf),
    ...view.checks.map((check): [string, string] => ['check', checkLine(check)]),
    ...view.notes.map(({ message, hint }): [string, string] => [
      'note',
      hint ? `${message} ${hint}` : message,
    ]),
  ]
  return facts
    .filter(([, value]) => value)
    .map(([name, value]) => `${colors.dim(name.padEnd(9))} ${value}`)
    .join('\n')
}

/** Several have a line each, as soon as the source is listed. */
const targetOf = ({ target, targets, spec }: IngestNow): string | null => {
  if (spec.target) return `${target}, ${spec.target.mode}`
  return targets.length === 0 ? target : null
}

/** What became of rejects by another try. */
export const again = ({ rowsReloaded }: Ingest): string | null =>
  rowsReloaded > 0 ? `${number(rowsReloaded)} loaded after all` : null

function undoOf({ id, undone, undoUntil }: Ingest): string | null {
  if (undone) return `${undone.at}: ${inBuckets(undone)}`
  return undoUntil && `possible until ${undoUntil}: sluice undo ${id}`
}

/** `3 rows removed, 0 restored, 1 kept as they are`. */
export const inBuckets = (
  { rowsRemoved, rowsRestored, rowsKept }: Buckets,
  removed = 'removed',
): string =>
  `${rows(rowsRemoved)} ${removed}, ${number(rowsRestored)} restored, ` +
  `${number(rowsKept)} kept as they are`

const retryOf = ({ activity, attempt, error }: IngestNow['retrying'][number]): [string, string] => [
  'retrying',
  `${activity}, attempt ${attempt}: ${error}`,
]

type RejectShown = Pick<
  Reject,
  'file' | 'line' | 'column' | 'constraint' | 'error' | 'raw' | 'loadedAt'
>

/** A reject in a line: where, which column, why, and the start of the row. */
export function rejectLine({ loadedAt, ...reject }: RejectShown, rawChars = 60): string {
  const { file, line, column, constraint, error, raw } = reject
  const flat = raw.replace(/[\r\n\t]+/g, ' ')
  const start = flat.length > rawChars ? `${flat.slice(0, rawChars)}…` : flat
  const near = relative(process.cwd(), file)
  const place = `${isAbsolute(file) && !near.startsWith('..') ? near : file}:${line}`
  const broken = constraint && !error.includes(constraint) ? ` (${constraint})` : ''
  const why = `${colors.bold(place)} ${column ? `${column}: ` : ''}${error}${broken}  ${colors.dim(start)}`
  return loadedAt ? `${why}  ${colors.green(`loaded ${loadedAt}`)}` : why
}

/** Columns as wide as their widest cell; cells may have colours. */
export function table(rows: readonly (readonly string[])[]): string {
  const widthOf = (cell = '') => stripVTControlCharacters(cell).length
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => widthOf(row[at]))))
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
