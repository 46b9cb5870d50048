/** Which ingest, file and line rows of a target came from. */
import { quoteIdentifier, quoteTable, showTable, type TableName } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import { defineQuery, queryView, readOnly } from '../clientSql/query.ts'
import type { Connection } from '../db.ts'
import { literal } from '../literal.ts'
import { keyColumns } from '../undo/written.ts'

export interface Origin {
  /** The values of its primary key, as JSON has them; null without one. */
  key: Record<string, unknown> | null
  /** Null: nothing tells. */
  ingest: string | null
  file: string | null
  /** Physical line of the file, counted from 1. */
  line: number | null
}

const timeoutMs = 10_000

/**
 * The condition of a client is checked by PostgreSQL's own analysis of it: it can compute with the
 * columns of the one table, and nothing else. Then it runs, and can write nothing.
 * @param ask.row the condition, as SQL
 * @param ask.limit how many rows at most
 * @throws table_unknown, sql_refused
 */
export async function findOrigins(
  tx: Connection,
  table: TableName,
  { row, limit }: { row: string; limit: number },
): Promise<Origin[]> {
  const { oid, columns } = await mustBeTarget(tx, table)
  const keys = await keyColumns(tx, table)
  await tx.query(
    `create temporary view rows as select t.*, t.xmin::text as sluice_xmin from ${quoteTable(table)} t`,
  )
  const sql = `select * from rows where (\n${row}\n)`
  await defineQuery(tx, { what: `the condition ${row}`, sql, isByRow: true })
  const lineage = (name: string, as: string) =>
    columns.includes(name) ? `q.${quoteIdentifier(name)}::text` : as
  const key = (keys ?? []).map((name) => `to_jsonb(q) -> ${literal(name)}`)
  const named = (keys ?? []).map((name, at) => `${literal(name)}, ${key[at]}`)
  return readOnly(tx, async () => {
    await tx.query(`set local statement_timeout = ${timeoutMs}`)
    const { rows } = await tx.query(
      `select ${keys ? `jsonb_build_object(${named.join(', ')})` : 'null'} as key,
              coalesce(${lineage('_ingest', 'null')}, u.ingest_id) as ingest,
              coalesce(${lineage('_file', 'null')}, u.file) as file,
              (${lineage('_line', 'null')})::bigint as line
       from (select * from ${queryView} limit $1) q
       left join lateral (
         select x.ingest_id, (select case when count(*) = 1 then min(f.name) end
                              from sluice.files f where f.ingest_id = x.ingest_id) as file
         from sluice.undos u join sluice.undo_xids x using (ingest_id)
         where u.target_oid = $2 and u.guard = u.xmin::text::bigint
           and coalesce(x.xid::text, x.xmin::text) = q.sluice_xmin
         limit 1
       ) u on true`,
      [limit, oid],
    )
    return rows
  })
}

/** Only tables that ingests go to are looked at. @throws table_unknown */
async function mustBeTarget(
  tx: Connection,
  table: TableName,
): Promise<{ oid: number; columns: string[] }> {
  const { rows } = await tx.query(
    `select c.oid::int8 as oid, array_agg(a.attname::text) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.oid = to_regclass($1) and c.relkind in ('r', 'p')
       and exists (select from sluice.ingests where target = $2)
     group by c.oid`,
    [quoteTable(table), showTable(table)],
  )
  if (!rows[0]) throw sluiceError('table_unknown', { table: showTable(table) })
  return rows[0]
}
