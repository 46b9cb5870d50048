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
import { sluiceError } from '../../../errors.ts'
import { readHead } from '../../../formats/csv/head.ts'
import { type Db, databaseError, openDb } from '../../../postgres/db.ts'
import { readTarget } from '../../../postgres/target/target.ts'
import type { TargetTable } from '../../../postgres/target/targetTable.ts'
import { type Head, readHeadBytes } from '../../../sources/head.ts'
import { openSource } from '../../../sources/open.ts'
import { checkSpec } from '../../../spec/checkSpec.ts'
import type { FullTarget } from '../../../spec/target.ts'
import type { SpecWithoutSource } from '../../specOptions.ts'
import { type Fact, factsOf } from './facts.ts'
import { firstTableOf, listFiles, type Reader, readHeads } from './files.ts'
import { guessOf, scanFile } from './guess.ts'
import { overLimit, type Problem, toProblem } from './problem.ts'
import { type Judged, judgeSample, sampleOf } from './sample.ts'

export interface Peek extends Judged {
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
  /** Why the ingest would fail, as far as one can see from here, and what to do about it. */
  problem: string | null
  hint: string | null
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
  const db = databaseUrl === null ? null : openDb(databaseUrl, { max: 1, name: 'sluice dry run' })
  try {
    const there = await lookForTarget(table, full.target, db)
    const heads = await readHeads(listing, { reader, first, target: there.target })
    const { encoding, ...seen } = await peekAt(file as ListedFile, reader, there)
    const written = { ...seen.dialect, ...(encoding && { encoding }) }
    const problem = there.problem ?? seen.problem ?? heads.problem
    return {
      ...seen,
      files: listing.files.length,
      heads: heads.count,
      facts: factsOf(written, full.format, spec.target ?? {}),
      notes: [...seen.notes, ...heads.notes],
      target: showTable(table),
      exists: there.exists,
      problem: problem?.message ?? null,
      hint: problem?.hint ?? null,
    }
  } finally {
    await db?.end()
  }
}

type FilePeek = Omit<Peek, 'files' | 'heads' | 'facts' | 'target' | 'exists' | 'problem' | 'hint'> &
  Pick<Head, 'encoding'> & { problem: Problem | null }

async function peekAt(
  file: ListedFile,
  { source, spec, limits }: Reader,
  { target, db }: Pick<There, 'target' | 'db'>,
): Promise<FilePeek> {
  const { name } = file
  const { format } = spec
  const into = spec.target as FullTarget
  const { bytes, whole, encoding } = await readHeadBytes(source, file, { format, limits })
  const head = readHead(bytes, { name, sizeBytes: bytes.length + (whole ? 0 : 1) }, format)
  const { dialect, header, width } = head
  const shape = await scanFile(source, file, { format, limits, head })
  const found = findColumns({ file: name, header, width }, { into, target, shape })
  const { columns, notes, problem } = found
  // What does not go to the columns of the table is not held against their types.
  const to = { dialect, columns, target, db: problem ? null : db }
  const judged = await judgeSample(sampleOf(bytes, head, whole), to)
  return {
    file: name,
    dialect,
    header,
    ...found,
    notes: [...head.notes, ...notes],
    ...judged,
    problem: problem ?? overLimit(name, judged, spec),
    ...(encoding && { encoding }),
  }
}

interface There {
  target: TargetTable | null
  exists: boolean | null
  /** Null where none is known, or the target cannot be what it is. */
  db: Db | null
  problem: Problem | null
}

async function lookForTarget(
  table: TableName,
  { mode }: FullTarget,
  db: Db | null,
): Promise<There> {
  const unknown = { target: null, exists: null, db: null }
  if (db === null) return { ...unknown, problem: null }
  try {
    const target = await readTarget(db, table, mode)
    return { target, exists: target !== null, db, problem: null }
  } catch (error) {
    return { ...unknown, problem: toProblem(databaseError(error)) }
  }
}

interface Aim {
  into: FullTarget
  target: TargetTable | null
  shape: FileShape
}

interface Columns extends Pick<Peek, 'columns' | 'typesFrom' | 'notes'> {
  problem: Problem | null
}

function findColumns(header: FileHeader, { into, target, shape }: Aim): Columns {
  const guess = (names: string[]) =>
    into.types === 'text'
      ? { columns: names.map((name): Column => ({ name, type: 'text' })), notes: [] }
      : guessOf(shape, names, { file: header.file, freeze: into.schema === 'freeze' })
  const guessed = (problem: Problem | null): Columns => ({
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
    return guessed(toProblem(error))
  }
}
