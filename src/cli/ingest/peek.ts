/** What an ingest would make of its first file: dialect, columns, types, target. Loads nothing. */
import { parse, resolve } from 'node:path'
import { checkSpec } from '../../api/ingests/checkSpec.ts'
import { readConfig } from '../../config.ts'
import { type Head, readHead } from '../../csv/head.ts'
import { recordsOf, shapeOf, soundRecords, valuesOf } from '../../csv/records.ts'
import { Rewriter, writtenValues } from '../../csv/rewrite.ts'
import { addSample } from '../../csv/sample.ts'
import { clutterOf } from '../../domain/clutter.ts'
import { type Column, candidateTypes } from '../../domain/columns.ts'
import { evolves } from '../../domain/layout.ts'
import { type FileHeader, matchHeader, newColumns } from '../../domain/match.ts'
import type { FullSpec, FullTarget, IngestSpec } from '../../domain/spec.ts'
import { showTable, type TableName } from '../../domain/table.ts'
import type { UnpackLimits } from '../../domain/unpack.ts'
import type { Dialect, ListedFile } from '../../domain/words.ts'
import type { Note } from '../../errors/notes.ts'
import { messageOf, sluiceError } from '../../errors.ts'
import { openDb, transaction } from '../../postgres/db.ts'
import { readTarget } from '../../postgres/target/target.ts'
import { judgeTypes } from '../../postgres/target/types.ts'
import { readHeadBytes } from '../../sources/head.ts'
import { openSource } from '../../sources/open.ts'
import type { Source } from '../../sources/source.ts'
import { type Fact, factsOf } from './facts.ts'

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
  /** Who says what the types are: the table, PostgreSQL after a look at the sample, or nobody. */
  typesFrom: 'target' | 'postgres' | 'guess'
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
  const { name, bytes, whole } = await firstBytes(file, full, readConfig().unpack)
  const head = readHead(bytes, { name, sizeBytes: bytes.length + (whole ? 0 : 1) }, full.format)
  const { dialect, notes, header, width } = head
  const data = dataOf(bytes, head, whole)
  const samples = Array.from({ length: width }, (): string[] => [])
  for (const record of data) addSample(samples, record, dialect, false)
  const aim = { into, table, databaseUrl, dialect }
  const found = await findColumns({ file, header, width }, samples, aim)
  return {
    file,
    dialect,
    facts: factsOf(dialect, full.format),
    notes,
    header,
    ...found,
    target: showTable(table),
    records: data.slice(0, 5).map((record) => asLoaded(record, dialect, found.columns)),
    sampled: data.length,
    odd: data.filter((record) => shapeOf(record, dialect).fields !== width).length,
  }
}

async function firstBytes(file: string, { format }: FullSpec, limits: UnpackLimits) {
  const source = openSource(
    { source: { kind: 'directory', path: file } },
    { roots: [parse(resolve(file)).root], uploadPath: (name) => name, unpack: limits },
  )
  const first = await firstOf(source, file)
  return { name: first.name, ...(await readHeadBytes(source, first, { format, limits })) }
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
  dialect: Dialect
}

type Columns = Pick<Peek, 'columns' | 'typesFrom' | 'exists' | 'problem'>

async function findColumns(
  header: FileHeader,
  samples: string[][],
  { into, table, databaseUrl, dialect }: Aim,
): Promise<Columns> {
  const names = newColumns(header, into.names)
  const guess = names.map((name, at) => {
    const type = into.types === 'text' ? undefined : candidateTypes(samples[at] ?? [], dialect)[0]
    return { name, type: type ?? 'text' }
  })
  const guessed = { columns: guess, typesFrom: 'guess' as const, exists: null, problem: null }
  if (databaseUrl === null) return guessed
  const db = openDb(databaseUrl, { max: 1, name: 'sluice dry run' })
  try {
    return await transaction(db, async (tx): Promise<Columns> => {
      const target = await readTarget(tx, table, into.mode)
      if (!target) {
        const types = into.types === 'text' ? guess : await judgeTypes(tx, names, samples, dialect)
        return { columns: types, typesFrom: 'postgres', exists: false, problem: null }
      }
      const types = new Map(target.columns.map(({ name, type }) => [name, type]))
      const isEvolving = evolves(into.schema, true)
      const style = into.names && { names: into.names }
      const columnsOf = { columns: target.columns, evolves: isEvolving, ...style }
      const there = { name: showTable(table), ...columnsOf }
      const fields = matchHeader(header, there)
      const sampled =
        into.types === 'text'
          ? fields.map((name) => ({ name, type: 'text' }))
          : await judgeTypes(tx, fields, samples)
      const columns = sampled.map(({ name, type }) => ({ name, type: types.get(name) ?? type }))
      return { columns, typesFrom: 'target', exists: true, problem: null }
    })
  } catch (error) {
    return { ...guessed, problem: messageOf(error) }
  } finally {
    await db.end()
  }
}
