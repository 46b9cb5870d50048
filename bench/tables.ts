/** The contenders' tables: made the same for all, and looked at by the same eyes. */
import type { Db } from '../src/postgres/db.ts'
import { columns, type Sums } from './data.ts'

export async function makeTable(db: Db, table: string): Promise<void> {
  const list = columns.map(([name, type]) => `${name} ${type}`).join(', ')
  await db.query(`create table ${table} (${list})`)
}

export async function dropTable(db: Db, table: string): Promise<void> {
  await db.query(`drop table if exists ${table}`)
}

/** Throws when a row is missing or there twice, or a column has another type than elsewhere. */
export async function verify(db: Db, table: string, sums: Sums): Promise<void> {
  const { rows: found } = await db.query(
    `select count(*) as rows, sum(id)::bigint as ids, sum(quantity)::bigint as quantities,
            count(note) as notes
     from ${table}`,
  )
  if (JSON.stringify(found[0]) !== JSON.stringify(sums)) {
    throw new Error(`${table} has ${JSON.stringify(found[0])}, not ${JSON.stringify(sums)}.`)
  }
  const { rows: types } = await db.query(
    `select attname as name, format_type(atttypid, atttypmod) = format_type(wanted, -1) as same
     from pg_attribute
     join unnest($2::text[], $3::regtype[]) as w (wanted_name, wanted) on attname = wanted_name
     where attrelid = $1::regclass and attnum > 0`,
    [table, columns.map(([name]) => name), columns.map(([, type]) => type)],
  )
  const others = types.filter(({ same }) => !same).map(({ name }) => name)
  if (others.length === 0 && types.length === columns.length) return
  throw new Error(`${table} has other columns or types than the other tables: ${others}`)
}
