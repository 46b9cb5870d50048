/**
 * The first records of a file, held against the columns that they would go to as a load does it:
 * by PostgreSQL where it can be asked, else by their form alone.
 */
import type { Column } from '../../../domain/columns.ts'
import { likelyAdvice, placesIn } from '../../../domain/likely.ts'
import type { Given } from '../../../domain/rejected.ts'
import { quoteTable } from '../../../domain/table.ts'
import type { Constant, Reading } from '../../../domain/words.ts'
import { writtenValues } from '../../../formats/copyText.ts'
import type { Sample } from '../../../formats/format.ts'
import { forPeople } from '../../../formats/forPeople.ts'
import { readerOf } from '../../../formats/index.ts'
import type { Broken, Reader, Written } from '../../../formats/reader.ts'
import { setDateOrder } from '../../../postgres/copy/copy.ts'
import { copyAround, type Refused } from '../../../postgres/copy/copyAround.ts'
import { skippedError } from '../../../postgres/copy/notice.ts'
import { type Db, databaseError, transaction } from '../../../postgres/db.ts'
import { isNotAllowed } from '../../../postgres/sqlState.ts'
import { createLike } from '../../../postgres/target/landing.ts'
import type { TargetTable } from '../../../postgres/target/targetTable.ts'

/** So many of the first records are looked at. */
export const recordsMax = 1000
const recordsShown = 5
const rejectsShown = 3
const rawBytesShown = 1000

interface SampleOfFile extends Sample {
  /** Names of the file; null without a header. */
  header: readonly string[] | null
  /** What it is called. */
  file: string
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

interface Into {
  reading: Reading
  /** Those of the fields that have one, in the order of the file, and then those that it lacks. */
  columns: readonly Column[]
  /** The columns of all fields, and the places of those that are left out. */
  fields: readonly string[]
  dropped: number[]
  /** The values of the latter. */
  constants: readonly Constant[]
  /** Null where no database can be asked. */
  db: Db | null
  target: TargetTable | null
  /** The physical line with which the records of the file end. */
  lastLine: number
  given: Given
}

export async function judgeSample(sample: SampleOfFile, into: Into): Promise<Judged> {
  const { bytes, lines } = sample
  const { reading, columns, constants, fields, dropped, db } = into
  const known = new Map(columns.map((column) => [column.name, column]))
  const own = fields.map((name) => known.get(name) ?? { name, type: 'text' })
  const plain = readerOf(reading, own, { constants: [...constants], dropped })
  const reader = plain.ofFile?.(sample.file) ?? plain
  const written = reader.write(bytes, lines)
  const asked = db && (await askDatabase(db, { written, reader }, into).catch(orNotAllowed))
  const refused = asked ?? []
  const rejects = [
    ...written.broken,
    ...refused.map((each) => rejectOf(each, { written, reader, bytes, own, columns, constants })),
  ].sort((a, b) => a.line - b.line)
  const raws = [
    ...written.broken.map(({ raw }) => raw),
    ...written.starts.map((start, at) => bytes.subarray(start, written.rawEnds[at])),
  ]
  return {
    sampled: raws.length,
    odd: raws.filter((raw) => reader.width(raw) !== own.length).length,
    records: loaded(written, new Set(refused.map(({ index }) => index))),
    rejects: {
      count: rejects.length,
      byDatabase: asked !== null,
      first: forPeople(rejects.slice(0, rejectsShown), reader).map(shown),
      likely: adviceFor(rejects, reader, { ...sample, ...into }),
    },
  }
}

function adviceFor(
  rejects: readonly Broken[],
  reader: Reader,
  { lines, header, lastLine, given }: SampleOfFile & Pick<Into, 'lastLine' | 'given'>,
): string | null {
  const texts = rejects.map((reject) => ({ ...reject, raw: reject.raw.toString() }))
  const places = placesIn(texts, { firstLine: lines + 1, lastLine })
  const placed = rejects.map(({ raw, ...reject }, at) => ({
    ...reject,
    raw: (texts[at] as { raw: string }).raw,
    values: reader.values(raw),
    header,
    ...(places[at] as { isFirst: boolean; fromEnd: number | null }),
  }))
  return likelyAdvice(placed, given)
}

/** Copies the records into a table like the one that they would be loaded into, and undoes it. */
const askDatabase = (
  db: Db,
  { written: { bytes, ends }, reader }: { written: Written; reader: Reader },
  { columns, target }: Into,
): Promise<Refused[]> =>
  transaction(
    db,
    async (tx) => {
      await createLike(tx, table, likeTarget(columns, target))
      await setDateOrder(tx, reader)
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

function likeTarget(columns: readonly Column[], target: TargetTable | null) {
  const there = new Map(target?.columns.map((column) => [column.name, column]))
  const free = { collation: null, notNull: false, hasDefault: false }
  return columns.map(({ name, type, notNull: isNeeded, default: value }) => {
    const known = there.get(name)
    return {
      ...free,
      ...known,
      name,
      type,
      // Its default may number rows, and a trial must not use up numbers.
      notNull: known ? known.notNull && !known.hasDefault : isNeeded === true && !value,
      generated: false,
      identity: false,
      default: null,
    }
  })
}

interface Records {
  written: Written
  reader: Reader
  bytes: Buffer
  /** Those of all fields. */
  own: readonly Column[]
  columns: readonly Column[]
  constants: readonly Constant[]
}

/** Tells of the value in the file, not of what was made of it for PostgreSQL. */
function rejectOf(
  { index, code, column, error }: Refused,
  { written, reader, bytes, own, columns, constants }: Records,
): Broken {
  const raw = bytes.subarray(written.starts[index], written.rawEnds[index])
  const line = written.lines[index] as number
  const at = own.findIndex(({ name }) => name === column)
  const type = columns.find(({ name }) => name === column)?.type
  if (code !== null) return { line, column, code, error, raw }
  const beside = constants.find((each) => each.column === column)
  const value = beside ? beside.value : (reader.values(raw)[at] ?? null)
  const told = type === undefined ? error : skippedError(type, value)
  return { line, column, code: '22P02', error: told, raw }
}

function loaded({ bytes, ends }: Written, refused: ReadonlySet<number>): (string | null)[][] {
  const records: (string | null)[][] = []
  for (let at = 0; at < ends.length && records.length < recordsShown; at++) {
    const record = bytes.subarray(ends[at - 1] ?? 0, (ends[at] as number) - 1)
    if (!refused.has(at)) records.push(writtenValues(record))
  }
  return records
}

const shown = ({ line, column, code, error, raw }: Broken): SampleReject => ({
  line,
  column,
  code,
  error,
  raw: raw.subarray(0, rawBytesShown).toString(),
})
