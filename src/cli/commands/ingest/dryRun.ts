/** `sluice ingest --dry-run`: shows how files would be read, and loads nothing. */
import type { Config } from '../../../config.ts'
import { toJson, visible } from '../../../domain/visible.ts'
import { fullSpec, type IngestSpec } from '../../../spec/spec.ts'
import { colors } from '../../colors.ts'
import { noteLine, number, plural, rejectLine, table } from '../../text.ts'
import { type Peek, peek } from './peek.ts'

const cellChars = 24
const addedMax = 20

/** @throws what `peek` throws */
export async function dryRun(
  spec: IngestSpec,
  config: Config,
  { json }: { json: boolean },
): Promise<void> {
  const { databaseUrl } = config
  const seen = await peek(spec, config)
  const isSeveral = (fullSpec(spec).targets ?? []).length > 0
  if (json) console.log(toJson(isSeveral ? { targets: seen } : seen[0], 2))
  else console.log(inWords(visible(seen), databaseUrl !== null))
  if (seen.some(({ problem }) => problem)) process.exitCode = 1
}

/** A target below the other. */
const inWords = (seen: readonly Peek[], hasDatabase: boolean): string =>
  [...seen.map((each) => oneInWords(each, hasDatabase)), 'Nothing was loaded.'].join('\n\n')

const unknownDatabase = 'no database is known here: start `sluice up`, or set DATABASE_URL'

function oneInWords(seen: Peek, hasDatabase: boolean): string {
  const options = seen.facts.map(({ what, value, from, flag }) => [
    `  ${what}`,
    value,
    from,
    colors.dim(flag ?? ''),
  ])
  const own = seen.columns.length - seen.constants.length
  const beside = (at: number) => (at < own + seen.fromPath ? '(its path)' : '(an option)')
  const from = (at: number) => (at < own ? (seen.header?.[at] ?? `field ${at + 1}`) : beside(at))
  const rows = seen.columns.map(({ name, type }, at) => [
    `  ${cell(from(at))}`,
    '→',
    name,
    type,
    ...seen.records.slice(0, 3).map((record) => cell(record[at])),
  ])
  const told = [
    ...addedLines(seen),
    ...rejectLines(seen),
    ...misfitLines(seen),
    ...seen.notes.map(noteLine),
    ...problemLines(seen),
  ]
  const parts = [facts(seen, hasDatabase), table(options), [table(rows), ...told].join('\n')]
  return parts.join('\n\n')
}

function facts(seen: Peek, hasDatabase: boolean): string {
  const { files, heads, exists, sampled, rejects } = seen
  const notLookedAt = `not looked at: ${hasDatabase ? 'see below' : unknownDatabase}`
  const there = { true: 'exists', false: 'will be made', null: notLookedAt }[`${exists}`]
  const keys = exists ? '; its keys and other constraints were not asked' : ''
  const by = rejects.byDatabase
    ? `as PostgreSQL reads them${keys}`
    : 'by their form: no value was tried'
  const ofFile = files > 1 ? ' of this file' : ''
  const notTried = files > 1 ? '; the records of the other files were not tried' : ''
  const unread = files - heads
  const unseen = unread > 0 ? `: nothing is known of the other ${number(unread)}` : ''
  return [
    ['file', seen.file],
    ...(files > 1
      ? [['files', `${number(files)}, and the heads of ${number(heads)} were read${unseen}`]]
      : []),
    ['target', `${seen.target}, ${there}`],
    ['types', origin(seen)],
    [
      'sample',
      `the first ${plural(sampled, 'record')}${ofFile}, ${seen.odd} with another number of fields`,
    ],
    ['rejects', `${number(rejects.count)} of them, ${by}${notTried}`],
  ]
    .map(([name = '', value]) => `${colors.dim(name.padEnd(8))} ${value}`)
    .join('\n')
}

function origin({ typesFrom, scanned, unscanned }: Peek): string {
  if (typesFrom === 'target') return 'of the table'
  const all = number(scanned + unscanned)
  if (unscanned > 0) {
    return `from all values of ${number(scanned)} of ${all} files: the others may change them`
  }
  return scanned > 1 ? `from all values of ${all} files` : 'from all values of the file'
}

/** Columns that a file of the folder has and the first table does not. */
function addedLines({ added }: Peek): string[] {
  if (added.length === 0) return []
  const list = added.slice(0, addedMax).map(({ name, type }) => `${name} ${type}`)
  const more = added.length - list.length
  return [`Other files add: ${[...list, ...(more > 0 ? [`${more} more`] : [])].join(', ')}`]
}

const misfitLines = ({ misfits }: Peek): string[] =>
  misfits.map(({ column, type, count, file, line, value }) => {
    const values = count === 1 ? '1 value is' : `${number(count)} values are`
    const first = `the first is ${JSON.stringify(value)} in ${file}, line ${line}`
    return `${colors.yellow('Frozen:')} ${values} no ${type} in column ${column}, and rejects: ${first}.`
  })

/** The first rejects of the sample, and the flag that most likely mends them. */
function rejectLines({ file, sampled, rejects: { count, first, likely } }: Peek): string[] {
  if (count === 0) return []
  const what = count === 1 ? '1 would be a reject' : `${number(count)} would be rejects`
  const would = `Of the first ${plural(sampled, 'record')} ${what}:`
  const lines = first.map(
    (reject) => `  ${rejectLine({ ...reject, file, constraint: null, loadedAt: null })}`,
  )
  return [`${colors.yellow(would)} ${likely ?? ''}`, ...lines]
}

function problemLines({ problem, hint }: Peek): string[] {
  if (problem === null) return []
  return [`${colors.red('It would fail:')} ${problem}`, ...(hint ? [`  ${hint}`] : [])]
}

const cell = (value: string | null | undefined): string => {
  if (value === null || value === undefined) return colors.dim('null')
  const flat = value.replace(/\s+/g, ' ')
  return flat.length > cellChars ? `${flat.slice(0, cellChars)}…` : flat
}
