/** `sluice ingest --dry-run`: shows how files would be read, and loads nothing. */
import { toJson, visible } from '../../../domain/visible.ts'
import { colors } from '../../colors.ts'
import type { SpecWithoutSource } from '../../specOptions.ts'
import { noteLine, number, plural, table } from '../../text.ts'
import { type Peek, peek } from './peek.ts'
import { pathsOf } from './sources.ts'

const cellChars = 24

/** @throws file_missing */
export async function dryRun(
  sources: readonly string[],
  spec: SpecWithoutSource,
  { databaseUrl, json }: { databaseUrl: string | null; json: boolean },
): Promise<void> {
  const seen = await peek(await pathsOf(sources), spec, databaseUrl)
  console.log(json ? toJson(seen, 2) : inWords(visible(seen)))
  if (seen.problem) process.exitCode = 1
}

const origins = {
  target: 'of the table',
  guess: 'from all values of the file',
}

function inWords(seen: Peek): string {
  const { columns, records, notes, files, heads } = seen
  const there = { true: 'exists', false: 'will be made', null: 'not looked at' }[`${seen.exists}`]
  const facts = [
    ['file', seen.file],
    ...(files > 1
      ? [['files', `${number(files)}, and the heads of ${number(heads)} were read`]]
      : []),
    ['target', `${seen.target}, ${there}`],
    ['types', origins[seen.typesFrom]],
    ['sample', `${plural(seen.sampled, 'record')}, ${seen.odd} with another number of fields`],
  ].map(([name = '', value]) => `${colors.dim(name.padEnd(8))} ${value}`)
  const dialect = seen.facts.map(({ what, value, from, flag }) => [
    `  ${what}`,
    value,
    from,
    colors.dim(flag ?? ''),
  ])
  const rows = columns.map(({ name, type }, at) => [
    `  ${cell(seen.header?.[at] ?? `field ${at + 1}`)}`,
    '→',
    name,
    type,
    ...records.slice(0, 3).map((record) => cell(record[at])),
  ])
  const told = notes.map((note) => `\n${noteLine(note)}`).join('')
  const problem = seen.problem ? `\n${colors.red('It would fail:')} ${seen.problem}` : ''
  const parts = [facts.join('\n'), table(dialect), `${table(rows)}${told}${problem}`]
  return `${parts.join('\n\n')}\n\nNothing was loaded.`
}

const cell = (value: string | null | undefined): string => {
  if (value === null || value === undefined) return colors.dim('null')
  const flat = value.replace(/\s+/g, ' ')
  return flat.length > cellChars ? `${flat.slice(0, cellChars)}…` : flat
}
