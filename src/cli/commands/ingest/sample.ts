/**
 * The first records of a file, held against the columns that they would go to as a load does it:
 * by PostgreSQL where it can be asked, else by their form alone.
 */
import type { Column } from '../../../domain/columns.ts'
import { likelyAdvice, placesIn } from '../../../domain/likely.ts'
import type { Given } from '../../../domain/rejected.ts'
import { quoteTable } from '../../../domain/table.ts'
import type { Dialect } from '../../../domain/words.ts'
import type { Head } from '../../../formats/csv/head.ts'
import { shapeOf, soundRecords, valuesOf } from '../../../formats/csv/records.ts'
import { type Triaged, triage } from '../../../formats/csv/repair.ts'
import { Rewriter, writtenValues } from '../../../formats/csv/rewrite.ts'
import { recordBytesMax } from '../../../formats/csv/shape.ts'
import { setDateOrder } from '../../../postgres/copy/copy.ts'
import { copyAround, type Refused } from '../../../postgres/copy/copyAround.ts'
import { skippedError } from '../../../postgres/copy/notice.ts'
import { type Db, databaseError, transaction } from '../../../postgres/db.ts'
import { isNotAllowed } from '../../../postgres/sqlState.ts'
import { createLike } from '../../../postgres/target/landing.ts'
import type { TargetTable } from '../../../postgres/target/targetTable.ts'

const recordsMax = 1000
const recordsShown = 5
const rejectsShown = 3
const rawBytesShown = 1000

/** Whole records, and how many physical lines stand in front of them. */
export interface Sample {
  bytes: Buffer
  lines: number
  /** Names of the file; null without a header. */
  header: readonly string[] | null
}

export interface SampleReject {
  /** Physical line on which it starts, counted from 1. */
  line: number
  column: string | null
  code: string
  error: string
  raw: string
}

export interface Judged {
  sampled: number
  /** Records of the sample with another number of fields. */
  odd: number
  /** The first records that would be loaded, field by field, as PostgreSQL would be given them. */
  records: (string | null)[][]
  rejects: {
    count: number
    /** Whether PostgreSQL looked at the values; else only the form of the records was looked at. */
    byDatabase: boolean
    first: SampleReject[]
    /** The flag that most likely mends them, in a sentence; null when none is known. */
    likely: string | null
  }
}

/** The first data records, without a footer. */
export function sampleOf(
  bytes: Buffer,
  { dialect, header, width, start }: Pick<Head, 'dialect' | 'header' | 'width' | 'start'>,
  whole: boolean,
): Sample {
  const body = bytes.subarray(start.offset)
  const ends: number[] = []
  const footer = dialect.skipFooter ?? 0
  for (const span of soundRecords(body, dialect, { recordBytesMax: body.length })) {
    const isCut = span.next >= body.length && !whole
    if (isCut || ends.length >= recordsMax + footer) break
    if (!span.blank || width === 1) ends.push(span.next)
  }
  const kept = Math.min(recordsMax, Math.max(0, ends.length - footer))
  return { bytes: body.subarray(0, ends[kept - 1] ?? 0), lines: start.lines, header }
}

interface Into {
  dialect: Dialect
  /** The columns of the fields, in the order of the file. */
  columns: readonly Column[]
  /** Null where no database can be asked. */
  db: Db | null
  target: TargetTable | null
  /** The physical line with which the records of the file end. */
  lastLine: number
  given: Given
}

export async function judgeSample(sample: Sample, into: Into): Promise<Judged> {
  const { bytes, lines } = sample
  const { dialect, columns, db } = into
  const writer = new Rewriter(bytes, dialect, columns)
  const blankIsRecord = columns.length === 1
  const triaged = triage(bytes, dialect, { recordBytesMax, lines, blankIsRecord, writer })
  const asked = db && (await askDatabase(db, writer, into).catch(orNotAllowed))
  const refused = asked ?? []
  const rejects = [
    ...triaged.broken,
    ...refused.map((each) => rejectOf(each, { triaged, bytes, into })),
  ].sort((a, b) => a.line - b.line)
  const raws = [
    ...triaged.broken.map(({ raw }) => raw),
    ...triaged.starts.map((start, at) => bytes.subarray(start, triaged.rawEnds[at])),
  ]
  return {
    sampled: raws.length,
    odd: raws.filter((raw) => shapeOf(raw, dialect).fields !== columns.length).length,
    records: loaded(writer, new Set(refused.map(({ index }) => index))),
    rejects: {
      count: rejects.length,
      byDatabase: asked !== null,
      first: rejects.slice(0, rejectsShown).map(shown),
      likely: adviceFor(rejects, sample, into),
    },
  }
}

function adviceFor(
  rejects: Triaged['broken'],
  { lines, header }: Sample,
  { dialect, lastLine, given }: Into,
): string | null {
  const texts = rejects.map((reject) => ({ ...reject, raw: reject.raw.toString() }))
  const places = placesIn(texts, { firstLine: lines + 1, lastLine })
  const placed = rejects.map(({ raw, ...reject }, at) => ({
    ...reject,
    raw: (texts[at] as { raw: string }).raw,
    values: valuesOf(raw, dialect),
    header,
    ...(places[at] as { isFirst: boolean; fromEnd: number | null }),
  }))
  return likelyAdvice(placed, given)
}

/** Copies the records into a table like the one that they would be loaded into, and undoes it. */
const askDatabase = (
  db: Db,
  { bytes, ends }: Rewriter,
  { dialect, columns, target }: Into,
): Promise<Refused[]> =>
  transaction(
    db,
    async (tx) => {
      await createLike(tx, table, likeTarget(columns, target))
      await setDateOrder(tx, dialect)
      const fields = columns.map(({ name }) => name)
      const into = { table: quoteTable(table), columns, fields }
      return (await copyAround(tx, into, { bytes, ends })).refused
    },
    { isTrial: true },
  )

/** A role may be refused temporary tables: an ingest needs none. */
function orNotAllowed(error: unknown): null {
  if (isNotAllowed(error)) return null
  throw databaseError(error)
}

/** It is a temporary one. */
const table = { schema: 'pg_temp', name: 'sluice_sample' }

/** All are filled, so no default is needed. */
function likeTarget(columns: readonly Column[], target: TargetTable | null) {
  const there = new Map(target?.columns.map((column) => [column.name, column]))
  const free = { collation: null, notNull: false, hasDefault: false }
  return columns.map(({ name, type }) => ({
    ...free,
    ...there.get(name),
    name,
    type,
    generated: false,
    identity: false,
    default: null,
  }))
}

interface Records {
  triaged: Triaged
  bytes: Buffer
  into: Into
}

/** Tells of the value in the file, not of what was made of it for PostgreSQL. */
function rejectOf(
  { index, code, column, error }: Refused,
  { triaged, bytes, into: { dialect, columns } }: Records,
): Triaged['broken'][number] {
  const raw = bytes.subarray(triaged.starts[index], triaged.rawEnds[index])
  const line = triaged.lines[index] as number
  const at = columns.findIndex(({ name }) => name === column)
  if (code !== null) return { line, column, code, error, raw }
  const value = valuesOf(raw, dialect)[at] ?? null
  const told = at < 0 ? error : skippedError(columns[at]?.type, value)
  return { line, column, code: '22P02', error: told, raw }
}

function loaded({ bytes, ends }: Rewriter, refused: ReadonlySet<number>): (string | null)[][] {
  const records: (string | null)[][] = []
  for (let at = 0; at < ends.length && records.length < recordsShown; at++) {
    const record = bytes.subarray(ends[at - 1] ?? 0, (ends[at] as number) - 1)
    if (!refused.has(at)) records.push(writtenValues(record))
  }
  return records
}

const shown = ({ line, column, code, error, raw }: Triaged['broken'][number]): SampleReject => ({
  line,
  column,
  code,
  error,
  raw: raw.subarray(0, rawBytesShown).toString(),
})
