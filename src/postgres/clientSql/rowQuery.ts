/** The SELECT of a client that makes each row of the target of one row of the files. */
import { quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection } from '../db.ts'
import { rowColumn } from '../names.ts'
import { defineQuery, defineRows, queryView } from './query.ts'

const numberedView = 'pg_temp.sluice_numbered'
const what = 'the transform'

export interface OutColumn {
  name: string
  type: string
  /** As SQL names it; null for that of the database. */
  collation: string | null
  /** What it is made of, as PostgreSQL writes it; null where that cannot be told. */
  expression: string | null
}

export interface RowQuery {
  /** A view of its rows; `row` in it is the number of the row that each is made of. */
  view: string
  /** As SQL. */
  row: string
  columns: OutColumn[]
}

/**
 * Makes views of the query over a landing table that numbers its rows.
 * @param rows.columns those of the files
 * @throws sql_refused, no_temporary_tables
 */
export async function defineRowQuery(
  tx: Connection,
  sql: string,
  { landing, columns }: { landing: TableName; columns: readonly string[] },
): Promise<RowQuery> {
  await defineRows(tx, landing, columns)
  await defineQuery(tx, { what, sql, isByRow: true })
  const { text, out } = await readQuery(tx)
  const unnamed = out.some(({ name }) => name === '?column?')
  const problem = unnamed ? 'an expression has no name: say `as` and one' : null
  const withoutColumn = out.length === 0 ? 'it has no column' : null
  const refusal = problem ?? withoutColumn
  if (refusal !== null) throw sluiceError('sql_refused', { what, problem: refusal })

  const row = quoteIdentifier(rowColumn(landing))
  const list = [...columns.map(quoteIdentifier), row].join(', ')
  // PostgreSQL's own text of the query: a plain SELECT, with every `*` written out.
  await tx.query(`
    create or replace temporary view rows as select ${list} from ${quoteTable(landing)};
    create temporary view sluice_numbered as ${text.replace(/^\s*SELECT\s/, `SELECT ${row}, `)}`)
  return { view: numberedView, row, columns: out }
}

async function readQuery(tx: Connection): Promise<{ text: string; out: OutColumn[] }> {
  const { rows } = await tx.query(
    `select pg_get_viewdef('${queryView}'::regclass, 0) as text, coalesce((
       select jsonb_agg(jsonb_build_object(
         'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
         'collation', case when a.attcollation not in (0, 100)
           then format('%I.%I', cn.nspname, co.collname) end
       ) order by a.attnum)
       from pg_attribute a
       left join pg_collation co on co.oid = a.attcollation
       left join pg_namespace cn on cn.oid = co.collnamespace
       where a.attrelid = '${queryView}'::regclass and a.attnum > 0
     ), '[]') as columns`,
  )
  const { text, columns } = rows[0] as { text: string; columns: Omit<OutColumn, 'expression'>[] }
  const expressions = expressionsIn(text, columns.length)
  return {
    text,
    out: columns.map((column, at) => ({ ...column, expression: expressions?.[at] ?? null })),
  }
}

/** It is written with a line for each column; a text with such a line end in it makes one more. */
function expressionsIn(text: string, count: number): string[] | null {
  const [, list = ''] = /^\s*SELECT ([\s\S]*?)\n {3}FROM /.exec(text) ?? []
  const lines = list.split(/,\n {4}(?=\S)/)
  return lines.length === count
    ? lines.map((line) => line.replace(/ AS (\w+|"[^\n]*")$/, ''))
    : null
}
