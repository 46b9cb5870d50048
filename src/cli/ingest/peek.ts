/** What an ingest would make of its first file: dialect, columns, types, target. Loads nothing. */
import { parse, resolve } from 'node:path'
import { readConfig } from '../../config.ts'
import { type Head, readHead } from '../../csv/head.ts'
import { recordsOf, shapeOf, soundRecords, valuesOf } from '../../csv/records.ts'
import { Rewriter, writtenValues } from '../../csv/rewrite.ts'
import { clutterOf } from '../../domain/clutter.ts'
import type { Column } from '../../domain/columns.ts'
import { evolves } from '../../domain/layout.ts'
import { type FileHeader, matchHeader, newColumns } from '../../domain/match.ts'
import { showTable, type TableName } from '../../domain/table.ts'
import type { Dialect, FileShape, ListedFile } from '../../domain/words.ts'
import type { Note } from '../../errors/notes.ts'
import { messageOf, sluiceError } from '../../errors.ts'
import { openDb } from '../../postgres/db.ts'
import { readTarget } from '../../postgres/target/target.ts'
import { readHeadBytes } from '../../sources/head.ts'
import { openSource } from '../../sources/open.ts'
import type { Source } from '../../sources/source.ts'
import { checkSpec } from '../../spec/checkSpec.ts'
import type { IngestSpec } from '../../spec/spec.ts'
import type { FullTarget } from '../../spec/target.ts'
import { type Fact, factsOf } from './facts.ts'
import { guessOf, scanFile } from './guess.ts'

const recordsMax = 1000

export interface Peek {
  file: string
  dialect: Dialect
  /** The dialect once more: where each part of it comes from, and the flag that sets it. */
  facts: Fact[]
  /** What could not be told for sure. */
  notes: Note[]
  header: string[] | null
  /** The columns that the fields would go to, in their order. */
  columns: Column[]
  /** Where the types come from: the table, or a guess from all values of the file. */
  typesFrom: 'target' | 'guess'
  target: string
  /** Whether the target is there already; null when no database could be asked. */
  exists: boolean | null
  /** Why the ingest would fail, as far as one can see from here. */
  problem: string | null
  /** The first data records, field by field, as PostgreSQL would be given them. */
  records: (string | null)[][]
  sampled: number
  /** Records of the sample with another number of fields. */
  odd: number
}

/** @throws spec_invalid, dialect_invalid, not_csv */
export async function peek(
  file: string,
  spec: Omit<IngestSpec, 'source'>,
  databaseUrl: string | null,
): Promise<Peek> {
  const { full, table } = checkSpec({ ...spec, source: { kind: 'directory', path: file } })
  if (!full.target || !table || full.steps) {
    const problem = 'a dry run shows how a file is loaded: it needs a target, and no steps'
    throw sluiceError('spec_invalid', { problem })
  }
  const into = full.target
  const limits = readConfig().unpack
  const source = openSource(
    { source: { kind: 'directory', path: file } },
    { roots: [parse(resolve(file)).root], uploadPath: (name) => name, unpack: limits },
  )
  const first = await firstOf(source, file)
  const { format } = full
  const { bytes, whole } = await readHeadBytes(source, first, { format, limits })
  const sizeBytes = bytes.length + (whole ? 0 : 1)
  const head = readHead(bytes, { name: first.name, sizeBytes }, format)
  const { dialect, header, width } = head
  const data = dataOf(bytes, head, whole)
  const shape = await scanFile(source, first, { format, limits, head })
  const aim = { into, table, databaseUrl, shape }
  const { notes, ...found } = await findColumns({ file, header, width }, aim)
  return {
    file,
    dialect,
    facts: factsOf(dialect, format, spec.target ?? {}),
    notes: [...head.notes, ...notes],
    header,
    ...found,
    target: showTable(table),
    records: data.slice(0, 5).map((record) => asLoaded(record, dialect, found.columns)),
    sampled: data.length,
    odd: data.filter((record) => shapeOf(record, dialect).fields !== width).length,
  }
}

/** Of an archive its first member, by name. */
async function firstOf(source: Source, path: string): Promise<ListedFile> {
  let first: ListedFile | null = null
  for await (const file of source.list()) {
    if (file.member != null && clutterOf(file) !== null) continue
    if (!first || Buffer.compare(Buffer.from(file.name), Buffer.from(first.name)) < 0) first = file
  }
  if (first) return first
  throw sluiceError('archive_empty', { path })
}

/** The first data records. */
function dataOf(bytes: Buffer, { dialect, width, start }: Head, whole: boolean): Buffer[] {
  const body = bytes.subarray(start.offset)
  const records: Buffer[] = []
  for (const span of soundRecords(body, dialect, { recordBytesMax: body.length })) {
    const isCut = span.next >= body.length && !whole
    if (isCut || records.length >= recordsMax) break
    if (!span.blank || width === 1) records.push(body.subarray(span.start, span.end))
  }
  const isAll = whole && records.length < recordsMax
  return records.slice(0, records.length - (isAll ? (dialect.skipFooter ?? 0) : 0))
}

/** What PostgreSQL would be given; as it stands in the file, if that would be a reject. */
function asLoaded(record: Buffer, dialect: Dialect, columns: readonly Column[]): (string | null)[] {
  const writer = new Rewriter(record, dialect, columns)
  for (const span of recordsOf(record, dialect, { spans: true })) {
    if (span.broken || writer.add(span)) break
    return writtenValues(writer.bytes.subarray(0, (writer.ends[0] ?? 1) - 1))
  }
  return valuesOf(record, dialect)
}

interface Aim {
  into: FullTarget
  table: TableName
  databaseUrl: string | null
  shape: FileShape
}

type Columns = Pick<Peek, 'columns' | 'typesFrom' | 'exists' | 'problem' | 'notes'>

async function findColumns(
  header: FileHeader,
  { into, table, databaseUrl, shape }: Aim,
): Promise<Columns> {
  const guess = (names: string[]) =>
    into.types === 'text'
      ? { columns: names.map((name): Column => ({ name, type: 'text' })), notes: [] }
      : guessOf(shape, names, { file: header.file, freeze: into.schema === 'freeze' })
  const guessed = {
    ...guess(newColumns(header, into.names)),
    typesFrom: 'guess' as const,
    problem: null,
  }
  if (databaseUrl === null) return { ...guessed, exists: null }
  const db = openDb(databaseUrl, { max: 1, name: 'sluice dry run' })
  try {
    const target = await readTarget(db, table, into.mode)
    if (!target) return { ...guessed, exists: false }
    const there = new Map(target.columns.map((column) => [column.name, column]))
    const isEvolving = evolves(into.schema, true)
    const style = into.names && { names: into.names }
    const to = { columns: target.columns, evolves: isEvolving, ...style }
    const { columns, notes } = guess(matchHeader(header, { name: showTable(table), ...to }))
    return {
      columns: columns.map((column) => {
        const { name, type } = there.get(column.name) ?? column
        return there.has(name) ? { name, type } : column
      }),
      notes: notes.filter(({ column }) => !there.has(column ?? '')),
      typesFrom: 'target',
      exists: true,
      problem: null,
    }
  } catch (error) {
    return { ...guessed, exists: null, problem: messageOf(error) }
  } finally {
    await db.end()
  }
}
