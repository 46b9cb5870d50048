/** Checks of rows that have not been published, each as one query over the landing table. */
import { number } from '../../domain/plural.ts'
import { quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import { parseDuration } from '../../domain/timeLimits.ts'
import { type Check, checkName } from '../../spec/expect.ts'
import {
  defineQuery,
  defineRows,
  dropQuery,
  dropRows,
  queryView,
  readOnly,
} from '../clientSql/query.ts'
import type { Connection } from '../db.ts'
import { literal } from '../literal.ts'

/** What is checked. */
export interface Checked {
  ingestId: string
  /** The table as the ledger names it. */
  target: string
  landing: TableName
  /** The columns that the ingest fills. */
  columns: readonly string[]
  /** The column that numbers the rows; null where they have no numbers. */
  row: string | null
}

/** What a check has found. */
export interface Finding {
  /** Null when it is not about single rows. */
  rowsFailed: number | null
  /** What is wrong; null when nothing is. */
  problem: string | null
  /** What stands between that and how many rows there are; ` in ` if absent. */
  joint?: string
  /** The first rows that do not meet it: their number, where they have one, and what they have. */
  first: { row: string | null; values: string }[]
}

const firstMax = 3
const valueCharsMax = 80

/** Names of columns that a check is about, and that are not there. */
export const columnsOf = ({ notNull, unique, values, fresh }: Check): string[] => [
  ...(notNull ?? unique ?? []),
  ...[values, fresh].flatMap((one) => (one ? [one.column] : [])),
]

/** @throws sql_refused; what PostgreSQL says of a query that does not work */
export function runCheck(tx: Connection, check: Check, checked: Checked): Promise<Finding> {
  const { rows, fresh, noRows } = check
  if (noRows !== undefined) return checkNoRows(tx, check, checked)
  return readOnly(tx, () => {
    if (rows) return checkCount(tx, rows, checked)
    return fresh ? checkFresh(tx, fresh, checked) : checkRows(tx, check, checked)
  })
}

const sound: Finding = { rowsFailed: null, problem: null, first: [] }
const broken = (problem: string): Finding => ({ ...sound, problem })

async function checkCount(
  tx: Connection,
  { min, max, changeMax }: NonNullable<Check['rows']>,
  { ingestId, target, landing }: Checked,
): Promise<Finding> {
  const { rows } = await tx.query(`select count(*) as count from ${quoteTable(landing)}`)
  const { count } = rows[0]
  if (min !== undefined && count < min) {
    return broken(`there are ${number(count)} rows, and at least ${number(min)} were expected`)
  }
  if (max !== undefined && count > max) {
    return broken(`there are ${number(count)} rows, and at most ${number(max)} were expected`)
  }
  if (changeMax === undefined) return sound
  const earlier = await tx.query(
    `select ingest_id as id, rows_loaded + rows_skipped + rows_superseded as brought
     from sluice.ingests
     where target = $1 and ingest_id <> $2 and published_at is not null
       and state <> 'undone'
     order by published_at desc limit 1`,
    [target, ingestId],
  )
  const [last] = earlier.rows
  // There is nothing to compare the first one with.
  if (!last) return sound
  const change = Math.abs(count - last.brought)
  if (change * 100 <= last.brought * Number.parseFloat(changeMax)) return sound
  return broken(
    `there are ${number(count)} rows, and ${last.id} brought ${number(last.brought)}: ` +
      `that is more than ${changeMax} apart`,
  )
}

async function checkFresh(
  tx: Connection,
  { column, within }: NonNullable<Check['fresh']>,
  { landing }: Checked,
): Promise<Finding> {
  const { rows } = await tx.query(
    `select newest::text, coalesce(newest >= now() - $1::interval, false) as fresh
     from (select max(${quoteIdentifier(column)}) as newest from ${quoteTable(landing)}) found`,
    [`${parseDuration(within)} milliseconds`],
  )
  const { newest, fresh } = rows[0]
  if (fresh) return sound
  if (newest === null) return broken(`${column} has no value`)
  return broken(`the newest value of ${column} is ${newest}, which is older than ${within}`)
}

async function checkNoRows(tx: Connection, check: Check, checked: Checked): Promise<Finding> {
  await defineRows(tx, checked.landing, checked.columns)
  const what = `the check ${checkName(check)}`
  await defineQuery(tx, { what, sql: check.noRows ?? '', isByRow: false })
  const { count, examples } = await readOnly(tx, async () => {
    const { rows } = await tx.query(`select count(*) as count from ${queryView}`)
    const some = await tx.query<{ values: string }>(
      `select left(to_jsonb(q)::text, ${valueCharsMax}) as values from ${queryView} q
       limit ${rows[0].count > 0 ? firstMax : 0}`,
    )
    return { count: rows[0].count as number, examples: some.rows }
  })
  await dropQuery(tx)
  await dropRows(tx)
  if (count === 0) return { ...sound, rowsFailed: 0 }
  const first = examples.map(({ values }) => ({ row: null, values }))
  return { rowsFailed: count, problem: 'the query returned', joint: ' ', first }
}

/** As SQL: the rows that do not meet a check, and what is wrong with them. */
function brokenRows(check: Check): { from: (rows: string) => string; problem: string } {
  const { notNull, unique, values } = check
  if (notNull) {
    const isNull = notNull.map((name) => `${quoteIdentifier(name)} is null`)
    return {
      from: (rows) => `select * from ${rows} where ${isNull.join(' or ')}`,
      problem:
        notNull.length === 1 ? `${notNull[0]} is NULL` : `one of ${notNull.join(', ')} is NULL`,
    }
  }
  if (unique) {
    const names = unique.map(quoteIdentifier)
    const given = names.map((name) => `${name} is not null`).join(' and ')
    return {
      from: (rows) => `select * from (
        select *, row_number() over (partition by ${names.join(', ')} order by sluice_no) as sluice_of_key
        from ${rows} where ${given}
      ) keyed where sluice_of_key > 1`,
      problem: `${unique.join(', ')} of an earlier row comes again`,
    }
  }
  const { column, in: list, min, max } = values as NonNullable<Check['values']>
  const name = quoteIdentifier(column)
  const text = (one: string | number) => literal(String(one))
  const outside = list
    ? [`${name} not in (${list.map(text).join(', ')})`]
    : [
        ...(min === undefined ? [] : [`${name} < ${text(min)}`]),
        ...(max === undefined ? [] : [`${name} > ${text(max)}`]),
      ]
  const wanted = list ? `one of ${list.join(', ')}` : `from ${min ?? '…'} to ${max ?? '…'}`
  return {
    from: (rows) => `select * from ${rows} where ${outside.join(' or ')}`,
    problem: `${column} is not ${wanted.length > 200 ? `${wanted.slice(0, 200)}…` : wanted}`,
  }
}

async function checkRows(tx: Connection, check: Check, checked: Checked): Promise<Finding> {
  const { landing, row } = checked
  const { from, problem } = brokenRows(check)
  // Rows without a number come in the order in which they lie in the table.
  const number = row === null ? 'ctid' : quoteIdentifier(row)
  const found = from(`(select *, ${number} as sluice_no from ${quoteTable(landing)}) numbered`)
  const { rows } = await tx.query(`select count(*) as count from (${found}) found`)
  const { count } = rows[0]
  if (count === 0) return { ...sound, rowsFailed: 0 }
  const values = columnsOf(check).map(
    (name) =>
      `${literal(`${name}=`)} || coalesce(left(${quoteIdentifier(name)}::text, ${valueCharsMax}), 'NULL')`,
  )
  const examples = await tx.query(
    `select ${row === null ? 'null' : 'sluice_no::text'} as row, concat_ws(', ', ${values.join(', ')}) as values
     from (${found}) found order by sluice_no limit ${firstMax}`,
  )
  return { rowsFailed: count, problem, first: examples.rows }
}
