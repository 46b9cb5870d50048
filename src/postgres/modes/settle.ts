/**
 * Settles which row of the landing table stands for a key. The others are marked, see
 * target/violations.ts: as rejects, as superseded or as skipped.
 */
import { ownRows, quoteIdentifier, quoteTable } from '../../domain/table.ts'
import { markerOf } from '../../spec/modes.ts'
import type { Connection } from '../db.ts'
import { literal } from '../literal.ts'
import { rowColumn } from '../names.ts'
import { unitShift } from '../target/landing.ts'
import { markColumns, skipped, superseded, unmarked } from '../target/violations.ts'
import { keyOf, sameKey } from './key.ts'
import type { Filling } from './mode.ts'

/** As COPY has it where the column is boolean. */
const notBoolean = 'not a valid boolean'
const valueCharsMax = 200

/** Rows with a NULL in their key are rejects. @returns how many were marked */
export async function withoutKey(tx: Connection, { into, landing }: Filling): Promise<number> {
  const key = keyOf(into)
  const isNull = (name: string) => `l.${quoteIdentifier(name)} is null`
  const pick = (value: (name: string) => string) =>
    `case ${key.map((name) => `when ${isNull(name)} then ${literal(value(name))}`).join(' ')} end`
  const { rowCount } = await tx.query(
    `insert into pg_temp.sluice_marks ${markColumns}
     select l.${rowOf(landing)}, null, '23502', ${pick((name) => name)},
            ${pick((name) => `null value in column "${name}", which is of the key`)}
     from ${quoteTable(landing)} l where ${key.map(isNull).join(' or ')}`,
  )
  return rowCount ?? 0
}

/**
 * Where the target has the column that marks rows to delete, it has the type of the target: what is
 * neither true nor false in it makes a reject. @returns how many were marked
 */
export async function withoutMark(tx: Connection, { into, landing }: Filling): Promise<number> {
  const marker = markerOf(into)
  if (marker === null || marker.value !== null) return 0
  const value = `l.${quoteIdentifier(marker.column)}::text`
  const row = `l.${rowOf(landing)}`
  const { rowCount } = await tx.query(
    `insert into pg_temp.sluice_marks ${markColumns}
     select ${row}, null, '22P02', ${literal(marker.column)},
            ${literal(`${notBoolean}: `)} || to_json(left(${value}, ${valueCharsMax}))::text
     from ${quoteTable(landing)} l
     where not pg_input_is_valid(${value}, 'boolean') and ${unmarked(row)}`,
  )
  return rowCount ?? 0
}

/**
 * The newest of the rows with one key stays: by the columns of `orderBy`, where NULL is the oldest, then
 * by the order of the files.
 * @param also as SQL, of a row `l`: what tells rows apart besides the key
 * @returns how many were marked
 */
export async function newestOfEachKey(
  tx: Connection,
  filling: Filling,
  also: readonly string[] = [],
): Promise<number> {
  const order = (filling.into.orderBy ?? []).map(
    (name) => `l.${quoteIdentifier(name)} desc nulls last`,
  )
  return othersOfEachKey(tx, filling, { also, order, by: 'desc', code: superseded })
}

/** The first of the rows with one key stays, unless the target has the key. @returns how many were marked */
export async function firstOfEachKey(tx: Connection, filling: Filling): Promise<number> {
  const { into, landing, target, there } = filling
  const row = `l.${rowOf(landing)}`
  const { rowCount } = await tx.query(
    `insert into pg_temp.sluice_marks (row_no, code)
     select ${row}, '${skipped}' from ${quoteTable(landing)} l
     where exists (select from ${ownRows(target, there.partitioned)} t
                   where ${sameKey(into, 't', 'l')})
       and ${unmarked(row)}`,
  )
  const others = await othersOfEachKey(tx, filling, {
    also: [],
    order: [],
    by: 'asc',
    code: skipped,
  })
  return (rowCount ?? 0) + others
}

const rowOf = (landing: Filling['landing']): string => quoteIdentifier(rowColumn(landing))

interface Choice {
  /** As SQL: what tells rows apart besides the key. */
  also: readonly string[]
  /** As SQL: what comes before the order of the files. */
  order: string[]
  by: 'asc' | 'desc'
  code: string
}

async function othersOfEachKey(
  tx: Connection,
  { ingestId, into, landing }: Filling,
  { also, order, by, code }: Choice,
): Promise<number> {
  const row = `l.${rowOf(landing)}`
  const names = keyOf(into).map(quoteIdentifier)
  const own = names.map((name) => `l.${name}`).join(', ')
  const isSplit = await hasSplitUnits(tx, ingestId)
  // The parts of a unit that was split have numbers behind all others.
  const places = `join (
      select unit_no, row_number() over (
               order by (unit -> 'splits' -> 0 ->> 'fileNo')::int,
                        (unit -> 'splits' -> 0 ->> 'start')::bigint) as place
      from sluice.units where ingest_id = ${literal(ingestId)}
    ) u on u.unit_no = ${row} >> ${unitShift}`
  const place = isSplit ? [`u.place ${by}`] : []
  const { rowCount } = await tx.query(
    `insert into pg_temp.sluice_marks (row_no, code)
     select row_no, '${code}' from (
       select ${row} as row_no, row_number() over (
                partition by ${[own, ...also].join(', ')} order by ${[...order, ...place, `${row} ${by}`].join(', ')}
              ) as nth
       from ${quoteTable(landing)} l ${isSplit ? places : ''}
       where (${own}) in (
         select ${names.join(', ')} from ${quoteTable(landing)}
         group by ${names.join(', ')} having count(*) > 1
       ) and ${unmarked(row)}
     ) ranked where nth > 1`,
  )
  return rowCount ?? 0
}

async function hasSplitUnits(tx: Connection, ingestId: string): Promise<boolean> {
  const { rows } = await tx.query(
    'select exists (select from sluice.units where ingest_id = $1 and parts > 0) as "isSplit"',
    [ingestId],
  )
  return rows[0].isSplit
}

/** A row that is older than the one in the target never overwrites it. @returns how many were marked */
export async function olderThanTarget(
  tx: Connection,
  { into, landing, target, there }: Filling,
): Promise<number> {
  if (into.orderBy === undefined) return 0
  const row = `l.${rowOf(landing)}`
  const { rowCount } = await tx.query(
    `insert into pg_temp.sluice_marks (row_no, code)
     select ${row}, '${superseded}'
     from ${quoteTable(landing)} l
     join ${ownRows(target, there.partitioned)} t on ${sameKey(into, 't', 'l')}
     where ${isOlder(into.orderBy)} and ${unmarked(row)}`,
  )
  return rowCount ?? 0
}

/** As SQL: by the first column in which they differ `l` is older than `t`. NULL is the oldest. */
export function isOlder([name, ...others]: readonly string[]): string {
  if (name === undefined) return 'false'
  const [ours, theirs] = [`l.${quoteIdentifier(name)}`, `t.${quoteIdentifier(name)}`]
  const older = `(${ours} < ${theirs} or ${ours} is null and ${theirs} is not null)`
  return `(${older} or ${ours} is not distinct from ${theirs} and ${isOlder(others)})`
}
