/** `sluice ingest --dry-run`: shows how the first file would be read, and loads nothing. */
import { resolve } from 'node:path'
import { clutterOf } from '../../domain/clutter.ts'
import { toJson, visible } from '../../domain/visible.ts'
import { sluiceError } from '../../errors.ts'
import type { IngestSpec } from '../../spec/spec.ts'
import { colors } from '../colors.ts'
import { noteLine, plural, table } from '../text.ts'
import { type Peek, peek } from './peek.ts'
import { expand } from './sources.ts'

const cellChars = 24

/** @throws file_missing */
export async function dryRun(
  sources: readonly string[],
  spec: Omit<IngestSpec, 'source'>,
  { databaseUrl, json }: { databaseUrl: string | null; json: boolean },
): Promise<void> {
  const found = (await Promise.all(sources.map(expand))).flat()
  const named = new Set(sources.map((path) => resolve(path)))
  const files = found.filter((name) => named.has(name) || clutterOf({ name }) === null)
  if (files[0] === undefined) throw sluiceError('file_missing', { path: sources.join(', ') })
  const seen = await peek(files[0], spec, databaseUrl)
  console.log(json ? toJson(seen, 2) : inWords(visible(seen), files.length))
  if (seen.problem) process.exitCode = 1
}

const origins = {
  target: 'of the table',
  guess: 'from all values of the file',
}

function inWords(seen: Peek, fileCount: number): string {
  const { columns, records, notes } = seen
  const there = { true: 'exists', false: 'will be made', null: 'not looked at' }[`${seen.exists}`]
  const facts = [
    ['file', `${seen.file}${fileCount > 1 ? ` (the first of ${fileCount})` : ''}`],
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
