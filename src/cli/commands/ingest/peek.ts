/**
 * What an ingest would make of its files: how the first table is read, its columns, types and
 * target, and what the heads of the others tell. Loads nothing.
 */
import { parse } from 'node:path'
import { readConfig } from '../../../config.ts'
import type { Column } from '../../../domain/columns.ts'
import { evolves } from '../../../domain/layout.ts'
import { type FileHeader, matchHeader, newColumns } from '../../../domain/match.ts'
import { showTable, type TableName } from '../../../domain/table.ts'
import type { Dialect, FileShape, ListedFile } from '../../../domain/words.ts'
import type { Note } from '../../../errors/notes.ts'
import { messageOf, sluiceError } from '../../../errors.ts'
import { type Head, readHead } from '../../../formats/csv/head.ts'
import { recordsOf, shapeOf, soundRecords, valuesOf } from '../../../formats/csv/records.ts'
import { Rewriter, writtenValues } from '../../../formats/csv/rewrite.ts'
import { openDb } from '../../../postgres/db.ts'
import { readTarget } from '../../../postgres/target/target.ts'
import type { TargetTable } from '../../../postgres/target/targetTable.ts'
import { readHeadBytes } from '../../../sources/head.ts'
import { openSource } from '../../../sources/open.ts'
import { checkSpec } from '../../../spec/checkSpec.ts'
import type { FullTarget } from '../../../spec/target.ts'
import type { SpecWithoutSource } from '../../specOptions.ts'
import { type Fact, factsOf } from './facts.ts'
import { firstTableOf, listFiles, type Reader, readHeads } from './files.ts'
import { guessOf, scanFile } from './guess.ts'

const recordsMax = 1000

export interface Peek {
  /** The first table: the others are compared with it. */
  file: string
  /** How many files would be loaded, and of how many of them the heads were read. */
  files: number
  heads: number
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

/** @throws spec_invalid, dialect_invalid, not_csv, and what listing and reading a source throw */
export async function peek(
  paths: string[],
  spec: SpecWithoutSource,
  databaseUrl: string | null,
): Promise<Peek> {
  const path = paths.length === 1 ? (paths[0] as string) : paths
  const { full, table } = checkSpec({ ...spec, source: { kind: 'directory', path } })
  if (!full.target || !table || full.steps) {
    const problem = 'a dry run shows how a file is loaded: it needs a target, and no steps'
    throw sluiceError('spec_invalid', { problem })
  }
  const limits = readConfig().unpack
  const roots = paths.map((each) => parse(each).root)
  const source = openSource(full, { roots, uploadPath: (name) => name, unpack: limits })
  const reader = { source, spec: full, limits }
  const listing = await listFiles(source, full)
  const first = await firstTableOf(listing, reader)
  const file = listing.files.find(({ name }) => name === first?.name) ?? listing.files[0]
  const there = await lookForTarget(table, full.target, databaseUrl)
  const heads = await readHeads(listing, { reader, first, target: there.target })
  const seen = await peekAt(file as ListedFile, reader, there)
  return {
    ...seen,
    files: listing.files.length,
    heads: heads.count,
    facts: factsOf(seen.dialect, full.format, spec.target ?? {}),
    notes: [...seen.notes, ...heads.notes],
    target: showTable(table),
    exists: there.exists,
    problem: there.problem ?? seen.problem ?? heads.problem,
  }
}

type FilePeek = Omit<Peek, 'files' | 'heads' | 'facts' | 'target' | 'exists'>

async function peekAt(
  file: ListedFile,
  { source, spec, limits }: Reader,
  { target }: Pick<There, 'target'>,
): Promise<FilePeek> {
  const { name } = file
  const { format } = spec
  const into = spec.target as FullTarget
  const { bytes, whole } = await readHeadBytes(source, file, { format, limits })
  const head = readHead(bytes, { name, sizeBytes: bytes.length + (whole ? 0 : 1) }, format)
  const { dialect, header, width } = head
  const data = dataOf(bytes, head, whole)
  const shape = await scanFile(source, file, { format, limits, head })
  const { notes, ...found } = findColumns({ file: name, header, width }, { into, target, shape })
  return {
    file: name,
    dialect,
    notes: [...head.notes, ...notes],
    header,
    ...found,
    records: data.slice(0, 5).map((record) => asLoaded(record, dialect, found.columns)),
    sampled: data.length,
    odd: data.filter((record) => shapeOf(record, dialect).fields !== width).length,
  }
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

interface There {
  target: TargetTable | null
  exists: boolean | null
  problem: string | null
}

async function lookForTarget(
  table: TableName,
  { mode }: FullTarget,
  databaseUrl: string | null,
): Promise<There> {
  if (databaseUrl === null) return { target: null, exists: null, problem: null }
  const db = openDb(databaseUrl, { max: 1, name: 'sluice dry run' })
  try {
    const target = await readTarget(db, table, mode)
    return { target, exists: target !== null, problem: null }
  } catch (error) {
    return { target: null, exists: null, problem: messageOf(error) }
  } finally {
    await db.end()
  }
}

interface Aim {
  into: FullTarget
  target: TargetTable | null
  shape: FileShape
}

type Columns = Pick<Peek, 'columns' | 'typesFrom' | 'problem' | 'notes'>

function findColumns(header: FileHeader, { into, target, shape }: Aim): Columns {
  const guess = (names: string[]) =>
    into.types === 'text'
      ? { columns: names.map((name): Column => ({ name, type: 'text' })), notes: [] }
      : guessOf(shape, names, { file: header.file, freeze: into.schema === 'freeze' })
  const guessed = (problem: string | null): Columns => ({
    ...guess(newColumns(header, into.names)),
    typesFrom: 'guess',
    problem,
  })
  if (!target) return guessed(null)
  const there = new Map(target.columns.map((column) => [column.name, column]))
  const style = into.names && { names: into.names }
  const to = { columns: target.columns, evolves: evolves(into.schema, true), ...style }
  try {
    const { columns, notes } = guess(matchHeader(header, { name: into.table, ...to }))
    return {
      columns: columns.map((column) => {
        const { name, type } = there.get(column.name) ?? column
        return there.has(name) ? { name, type } : column
      }),
      notes: notes.filter(({ column }) => !there.has(column ?? '')),
      typesFrom: 'target',
      problem: null,
    }
  } catch (error) {
    return guessed(messageOf(error))
  }
}
