/**
 * Rows of the landing table that break a constraint: a temporary table of the transaction that
 * publishes. A row is marked once, for the first constraint that it breaks.
 */
import type { Reject } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection } from '../db.ts'
import { literal } from '../literal.ts'
import { unitShift } from './landing.ts'

/** Why a row is marked: columns of `pg_temp.sluice_marks`. */
export interface Why {
  constraint: string | null
  code: string
  column: string | null
  /** SQL, of type text. */
  error: string
}

/** Codes of rows that are no rejects. Any other code without a rank is that of a row to skip. */
const filtered = 'filtered'
export const superseded = 'superseded'
export const skipped = 'skipped'

/** As SQL: the codes of rows that are no rejects. */
const noRejects = [filtered, superseded, skipped].map((code) => `'${code}'`).join(', ')

/** A marked row, found by its place among the rows of its unit. */
export interface Mark extends Required<Pick<Reject, 'constraint' | 'code' | 'column' | 'error'>> {
  unitNo: number
  /** From 1. */
  rank: number
}

/**
 * Makes the table of marks, and one of the rows that have left the landing table without being
 * rejects: they count when the record of another row of their unit is sought.
 */
export async function createMarks(tx: Connection): Promise<void> {
  await tx.query(`
    create temporary table if not exists sluice_set_aside (row_no bigint) on commit drop;
    drop table if exists pg_temp.sluice_marks;
    create temporary table sluice_marks (
      row_no bigint, constraint_name text, code text, column_name text, error text, rank bigint
    ) on commit drop`)
}

/** For a `where`: the row has no mark yet. */
export const unmarked = (row: string): string =>
  `not exists (select from pg_temp.sluice_marks where sluice_marks.row_no = ${row})`

/** What marks a row, in the order of the table's columns. */
export const markColumns = '(row_no, constraint_name, code, column_name, error)'
export const valuesOf = ({ constraint, code, column, error }: Why): string =>
  [literal(constraint), literal(code), literal(column), error].join(', ')

/** The first mark of a code, in words; null when there is none. */
export async function firstMark(tx: Connection, code: string): Promise<string | null> {
  const { rows } = await tx.query(
    'select error from pg_temp.sluice_marks where code = $1 order by row_no limit 1',
    [code],
  )
  return rows[0]?.error ?? null
}

/** The mark of the only row there is. */
export async function onlyMark(tx: Connection): Promise<Pick<Mark, 'code' | 'column' | 'error'>> {
  const { rows } = await tx.query(
    'select code, column_name as "column", error from pg_temp.sluice_marks',
  )
  return rows[0]
}

/**
 * Finds the place of every marked row among the rows of its unit, but of those that are no rejects.
 * @param exceptCode a code that makes no reject either
 */
export async function rankMarks(
  tx: Connection,
  landing: { table: string; row: string },
  exceptCode: string | null,
): Promise<void> {
  await tx.query(
    `with units as (
       select distinct row_no >> ${unitShift} as unit_no from pg_temp.sluice_marks
       where code is distinct from $1 and code not in (${noRejects})
     ),
     ranked as (
       select row_no, row_number() over (
                partition by row_no >> ${unitShift} order by row_no
              ) as rank
       from (select ${landing.row} as row_no from ${landing.table}
             union all select row_no from pg_temp.sluice_set_aside) l
       where row_no >> ${unitShift} in (select unit_no from units)
     )
     update pg_temp.sluice_marks m set rank = r.rank from ranked r
     where m.row_no = r.row_no and m.code is distinct from $1
       and m.code not in (${noRejects})`,
    [exceptCode],
  )
}

/** The place of one row among those of its unit. */
export async function rankOf(
  tx: Connection,
  landing: { table: string; row: string },
  row: string,
): Promise<Pick<Mark, 'unitNo' | 'rank'>> {
  const there = await tx.query(`select to_regclass('pg_temp.sluice_set_aside') as name`)
  const aside = there.rows[0].name ? 'union all select row_no from pg_temp.sluice_set_aside' : ''
  const { rows } = await tx.query(
    `select $1::bigint >> ${unitShift} as "unitNo", count(*) as rank
     from (select ${landing.row} as row_no from ${landing.table} ${aside}) l
     where row_no >> ${unitShift} = $1::bigint >> ${unitShift} and row_no <= $1`,
    [row],
  )
  return rows[0]
}

/** Marks the rows of a landing table that a query leaves out. @returns how many */
export async function markFiltered(
  tx: Connection,
  landing: string,
  { view, row }: { view: string; row: string },
): Promise<number> {
  const { rowCount } = await tx.query(
    `insert into pg_temp.sluice_marks (row_no, code)
     select l.${row}, '${filtered}' from ${landing} l
     where not exists (select from ${view} v where v.${row} = l.${row})`,
  )
  return rowCount ?? 0
}

/** Marks rows that were found otherwise than by a statement. */
export async function addMarks(
  tx: Connection,
  rows: readonly (Pick<Mark, 'constraint' | 'code' | 'column' | 'error'> & { row: string })[],
): Promise<void> {
  await tx.query(
    `insert into pg_temp.sluice_marks ${markColumns}
     select row::bigint, "constraint", code, "column", error
     from jsonb_to_recordset($1::jsonb)
       as found (row text, "constraint" text, code text, "column" text, error text)`,
    [JSON.stringify(rows)],
  )
}

const fetched = 5000

/** The marks that have a rank, unit by unit, in order. Not more than a unit's are in memory. */
export async function* marksByUnit(
  tx: Connection,
): AsyncGenerator<{ unitNo: number; marks: Mark[] }> {
  await tx.query(
    `declare marks no scroll cursor for
     select row_no >> ${unitShift} as "unitNo", rank, constraint_name as "constraint", code,
            column_name as "column", error
     from pg_temp.sluice_marks where rank is not null order by row_no`,
  )
  let marks: Mark[] = []
  for (let more = true; more; ) {
    const { rows } = await tx.query<Mark>(`fetch ${fetched} from marks`)
    for (const mark of rows) {
      const unitNo = marks[0]?.unitNo
      if (unitNo !== undefined && unitNo !== mark.unitNo) {
        yield { unitNo, marks }
        marks = []
      }
      marks.push(mark)
    }
    more = rows.length === fetched
  }
  if (marks[0]) yield { unitNo: marks[0].unitNo, marks }
  await tx.query('close marks')
}

/**
 * Takes the marked rows out of the landing table, and out of what the receipts count as loaded.
 * Those without a rank are no rejects: what they count as, their code says.
 * @throws count_mismatch
 */
export async function removeMarked(
  tx: Connection,
  ingestId: string,
  landing: { table: string; row: string },
): Promise<void> {
  const { rows: told } = await tx.query('select count(*) as marks from pg_temp.sluice_marks')
  const marks: number = told[0].marks
  const removed = await tx.query(
    `delete from ${landing.table} l using pg_temp.sluice_marks m where l.${landing.row} = m.row_no`,
  )
  if (removed.rowCount !== marks) {
    const problem = `${marks} rows are marked, ${removed.rowCount} are in the landing table`
    throw sluiceError('count_mismatch', { problem })
  }
  await tx.query(`
    insert into pg_temp.sluice_set_aside
    select row_no from pg_temp.sluice_marks where rank is null`)
  await tx.query(
    `update sluice.units u
     set rows_loaded = rows_loaded - rows, rows_rejected = rows_rejected + rejected,
         rows_filtered = rows_filtered + filtered,
         rows_superseded = rows_superseded + superseded,
         rows_skipped = rows_skipped + rows - rejected - filtered - superseded
     from (
       select row_no >> ${unitShift} as unit_no, count(*) as rows, count(rank) as rejected,
              count(*) filter (where code = '${filtered}') as filtered,
              count(*) filter (where code = '${superseded}') as superseded
       from pg_temp.sluice_marks group by 1
     ) m
     where u.ingest_id = $1 and u.unit_no = m.unit_no`,
    [ingestId],
  )
}
