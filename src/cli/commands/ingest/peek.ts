/**
 * What an ingest would make of its files: how the first table is read, its columns, types and
 * target, and what the heads of the others tell. Loads nothing.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, parse } from 'node:path'
import type { Config } from '../../../config.ts'
import { type DeclaredColumn, parseDeclared } from '../../../domain/declared.ts'
import { recordNotes } from '../../../domain/recordNotes.ts'
import { parseTableName, showTable, type TableName } from '../../../domain/table.ts'
import type { ListedFile, Reading } from '../../../domain/words.ts'
import type { Note } from '../../../errors/notes.ts'
import { sluiceError } from '../../../errors.ts'
import { formatOf } from '../../../formats/index.ts'
import { createTransport, type Transport } from '../../../http/transport.ts'
import type { Spool } from '../../../io/spool.ts'
import {
  type Connection,
  type Db,
  databaseError,
  openDb,
  transaction,
} from '../../../postgres/db.ts'
import { shapeFor } from '../../../postgres/target/declared.ts'
import { readTarget } from '../../../postgres/target/target.ts'
import type { TargetTable } from '../../../postgres/target/targetTable.ts'
import { knownTypes } from '../../../postgres/target/typesHere.ts'
import { openSource, pathsIn } from '../../../sources/index.ts'
import type { Source, UploadedFiles } from '../../../sources/source.ts'
import { checkSpec } from '../../../spec/checkSpec.ts'
import { fieldsOf } from '../../../spec/files/mapped.ts'
import { readHead } from '../../../spec/files/text.ts'
import { containersOf, kindOf, optionsLacking } from '../../../spec/format.ts'
import type { FullSpec, IngestSpec } from '../../../spec/spec.ts'
import type { FullTarget } from '../../../spec/target.ts'
import { localSpool } from '../../../stage/localSpool.ts'
import { readConnections } from '../../connections.ts'
import { type FoundColumns, findColumns } from './columns.ts'
import { type Fact, factsOf } from './facts.ts'
import { firstTableOf, listFiles, type Reader, readHeads } from './files.ts'
import { scanFile } from './guess.ts'
import { type PartGiven, partsOf } from './parts.ts'
import { overLimit, type Problem, toProblem } from './problem.ts'
import { type Judged, judgeSample, recordsMax } from './sample.ts'

export interface Peek extends Judged, Omit<FoundColumns, 'problem' | 'placed'> {
  /** The first table: the others are compared with it. */
  file: string
  /** How many files would be loaded, and of how many of them the heads were read. */
  files: number
  heads: number
  reading: Reading
  /** The reading once more: where each part of it comes from, and the flag that sets it. */
  facts: Fact[]
  /** What could not be told for sure. */
  notes: Note[]
  header: string[] | null
  target: string
  /** Whether the target is there already; null when no database could be asked. */
  exists: boolean | null
  /** Why the ingest would fail, as far as one can see from here, and what to do about it. */
  problem: string | null
  hint: string | null
}

/** @throws spec_invalid, dialect_invalid, not_csv, and what listing and reading a source throw */
export async function peek(spec: IngestSpec, config: Config): Promise<Peek[]> {
  const { databaseUrl } = config
  const transport = createTransport(config)
  const db = databaseUrl === null ? null : openDb(databaseUrl, { max: 1, name: 'sluice dry run' })
  const spool = await temporaryFolder()
  try {
    return await peekVia({ transport, db, spool: localSpool(spool.path) }, spec, config)
  } finally {
    await spool.remove()
    await transport.close()
    await db?.end()
  }
}

interface Reach {
  transport: Transport
  spool: Spool
  /** The target's; null where none is known. */
  db: Db | null
}

async function peekVia(reach: Reach, spec: IngestSpec, config: Config): Promise<Peek[]> {
  const { full } = checkSpec(spec)
  if (!(full.target ?? full.targets) || full.steps) {
    const problem = 'a dry run shows how a file is loaded: it needs a target, and no steps'
    throw sluiceError('spec_invalid', { problem })
  }
  const source = await openHere(full, config, reach)
  const { signal } = new AbortController()
  const opening = { format: full.format, limits: config.unpack, signal, scratch: temporaryFolder }
  const reader = { source, spec: full, opening }
  const listing = await listFiles(reader)
  const seen: Peek[] = []
  for (const { full: one, said, listing: own } of partsOf(listing, spec, full)) {
    const to = { spec, said, listing: own, db: reach.db }
    seen.push(await lookAt({ ...reader, spec: one }, to))
  }
  return seen
}

interface Into extends Pick<PartGiven, 'said' | 'listing'> {
  /** As the client wrote it. */
  spec: IngestSpec
  db: Db | null
}

async function lookAt(reader: Reader, { spec, said, listing, db }: Into): Promise<Peek> {
  const { spec: full } = reader
  const into = full.target as FullTarget
  const table = parseTableName(into.table)
  const first = await firstTableOf(listing, reader)
  const file = listing.files.find(({ name }) => name === first?.name) ?? listing.files[0]
  const there = await lookForTarget(table, into, db)
  const { encoding, ...own } = await readFirst(file as ListedFile, reader)
  const known = first && { ...first, shape: own.shape }
  const heads = await readHeads(listing, { reader, first: known, target: there.target })
  const given = { ...optionsLacking(own.reading), ...full.format, ...said }
  const { placed, ...found } = findColumns(own, {
    ...there,
    into,
    given,
    heads,
    listing,
  })
  // What does not go to the columns of the table is not held against their types.
  const { columns, constants } = found
  const unit = fieldsOf(placed)
  const { dropped } = unit
  const fields = unit.columns.filter(Boolean)
  const to = { ...there, db: found.problem ? null : there.db, columns, constants, fields, dropped }
  const lastLine = own.shape.cuts.at(-1)?.lines ?? 0
  const reading = formatOf(own.reading).ofUnit(own.reading, unit.columns)
  const judged = await judgeSample(own.sample, { ...to, reading, lastLine, given })
  const limit = overLimit(own.file, judged, full)
  const problem = there.problem ?? found.problem ?? heads.problem ?? limit
  const written = { ...own.reading, ...(encoding && { encoding }) }
  return {
    file: own.file,
    files: listing.files.length,
    heads: heads.count,
    reading: own.reading,
    facts: factsOf(written, spec.format ?? {}, said),
    ...found,
    notes: [...own.notes, ...found.notes, ...heads.notes, ...recordNotes(own.file, own.shape)],
    target: showTable(table),
    exists: there.exists,
    ...judged,
    problem: problem?.message ?? null,
    hint: problem?.hint ?? null,
  }
}

/** As a worker on this machine, which may read all that we may read, would open it. */
async function openHere(
  { source, format }: FullSpec,
  config: Config,
  { db, ...own }: Reach,
): Promise<Source> {
  const { unpack } = config
  const roots = pathsIn(source).map((each) => parse(each).root || '/')
  const containers = containersOf(format, unpack)
  const connections = await readConnections(config)
  const known = async (types: readonly string[]) => (db ? knownTypes(db, types) : new Set<string>())
  const here = { roots, uploads: none, connections, unpack, containers, knownTypes: known }
  return openSource({ source }, { ...own, ...here })
}

/** A dry run has nothing sent. */
const none: UploadedFiles = {
  stat: async () => null,
  open: async ({ name }) => {
    throw sluiceError('upload_not_found', { name })
  },
  sha256: async () => null,
}

async function readFirst(file: ListedFile, reader: Reader) {
  const { name } = file
  const { source, opening } = reader
  const { format } = opening
  const { head: bytes, ...text } = await readHead(source, file, opening)
  const { whole, encoding } = text
  const first = { ...text, bytes, name, isNamed: true }
  const kind = formatOf({ kind: kindOf(format, first) })
  const head = kind.head(first, format)
  const { notes } = head
  const shape = await scanFile(reader, file, head)
  const { reading, header, width, sparse } = shape
  const sample = { ...kind.sample(bytes, head, { whole, recordsMax }), header, file: name }
  const fields = { reading, header, width, ...(sparse && { sparse }) }
  return { file: name, ...fields, notes, shape, sample, encoding }
}

/** For a file that must lie on this machine. */
async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'sluice-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

const hasShape = ({ columns, primaryKey, indexes, partitionBy }: FullTarget): boolean =>
  (columns ?? primaryKey ?? indexes ?? partitionBy) !== undefined

/** As it is written: there is nobody to ask. */
const unread = ({ columns = {} }: FullTarget): DeclaredColumn[] =>
  Object.entries(columns).map(([name, isWritten]) => {
    const declared = parseDeclared(name, isWritten)
    const { type, notNull } = typeof declared === 'string' ? notDeclared : declared
    return { name, type, notNull, default: null, isWritten }
  })

const notDeclared = { type: 'text', notNull: false }

interface There {
  /** Columns that are declared, and that the target does not have. */
  declared: readonly DeclaredColumn[]
  target: TargetTable | null
  exists: boolean | null
  /** Null where none is known, or the target cannot be what it is. */
  db: Db | null
  problem: Problem | null
}

async function lookForTarget(table: TableName, into: FullTarget, db: Db | null): Promise<There> {
  const unknown = { target: null, exists: null, db: null, declared: [] }
  if (db === null) return { ...unknown, declared: unread(into), problem: null }
  try {
    const target = await readTarget(db, table, into)
    const read = (tx: Connection) => shapeFor(tx, into, target)
    const declared = hasShape(into) ? await transaction(db, read, { isTrial: true }) : []
    return { target, exists: target !== null, db, declared, problem: null }
  } catch (error) {
    return { ...unknown, problem: toProblem(databaseError(error)) }
  }
}
