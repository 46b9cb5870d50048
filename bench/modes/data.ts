/**
 * A table, and a file of rows for it, a tenth of them: of these one in ten has a new key, one in five
 * differs from the row that is there, and the others are as they are.
 */
import type { Db } from '../../src/postgres/db.ts'

const columns = [
  ['id', 'bigint'],
  ['name', 'text'],
  ['amount', 'numeric(12,2)'],
  ['day', 'date'],
  ['seen_at', 'timestamptz'],
  ['note', 'text'],
] as const

export const columnNames = columns.map(([name]) => name)

/** So many rows of the file differ from the table, of ten. */
const newOfTen = 1
const changedOfTen = 2

export interface Sizes {
  /** Rows of the table, and of the file. */
  table: number
  file: number
}

export const countsOf = ({ file }: Sizes) => {
  const rowsInserted = (file * newOfTen) / 10
  const rowsUpdated = (file * changedOfTen) / 10
  return { rowsInserted, rowsUpdated, rowsUnchanged: file - rowsInserted - rowsUpdated }
}

const row = (id: string, note: string) => `
  ${id} as id, 'name ' || (${id} * 7919 % 100003) as name, (${id} % 100000 / 100.0)::numeric(12,2) as amount,
  date '2020-01-01' + (${id} % 2000)::int as day,
  timestamptz '2020-01-01 00:00:00+00' + ${id} % 100000000 * interval '1 second' as seen_at,
  ${note} as note`

export async function makeTemplate(db: Db, template: string, { table }: Sizes): Promise<void> {
  const list = columns.map(([name, type]) => `${name} ${type}`).join(', ')
  await db.query(`create table ${template} (${list})`)
  await db.query(
    `insert into ${template}
     select ${row('n', "'note ' || n % 1000")} from generate_series(1, $1::bigint) n`,
    [table],
  )
}

/** As it is in the template, with its primary key, nothing left to be written or cleaned. */
export async function copyTemplate(db: Db, template: string, table: string): Promise<void> {
  await db.query(`drop table if exists ${table}`)
  await db.query(`create table ${table} as table ${template}`)
  await db.query(`alter table ${table} add primary key (id)`)
  await db.query(`vacuum (freeze, analyze) ${table}`)
}

/** As many rows as the file has, with four indexes. */
export async function indexedCopy(
  db: Db,
  template: string,
  table: string,
  { file }: Sizes,
): Promise<void> {
  await db.query(`drop table if exists ${table}`)
  await db.query(`create table ${table} as select * from ${template} where id <= ${file}`)
  await db.query(`alter table ${table} add primary key (id);
    create index on ${table} (day); create index on ${table} (name); create index on ${table} (amount)`)
  await db.query(`vacuum (freeze, analyze) ${table}`)
}

/** Without rows, with its primary key. */
export async function emptyCopy(db: Db, template: string, table: string): Promise<void> {
  await db.query(`drop table if exists ${table}`)
  await db.query(`create table ${table} (like ${template}, primary key (id))`)
}

export async function mustHave(db: Db, table: string, expected: number): Promise<void> {
  const { rows } = await db.query(`select count(*)::int as rows from ${table}`)
  if (rows[0].rows !== expected)
    throw new Error(`${table} has ${rows[0].rows} rows, not ${expected}.`)
}

/** The statement that gives the file as rows: keys all over the table, and new ones behind its end. */
export function fileQuery({ table, file }: Sizes): string {
  const step = Math.floor(table / file)
  const isNew = `n % 10 < ${newOfTen}`
  const isChanged = `n % 10 < ${newOfTen + changedOfTen}`
  const key = `case when ${isNew} then ${table} + n else n * ${step} end`
  const note = `case when ${isChanged} then 'changed ' || id % 1000 else 'note ' || id % 1000 end`
  return `select ${row('id', note)} from (
    select n, ${key} as id from generate_series(1, ${file}::bigint) n) keys`
}

/** What the table must have after the merge: how many rows, and how many of the file's notes. */
export async function mustBeMerged(db: Db, table: string, sizes: Sizes): Promise<void> {
  const { rowsInserted, rowsUpdated } = countsOf(sizes)
  const { rows } = await db.query(
    `select count(*)::int as rows, count(*) filter (where note like 'changed %')::int as changed
     from ${table}`,
  )
  const expected = { rows: sizes.table + rowsInserted, changed: rowsInserted + rowsUpdated }
  if (JSON.stringify(rows[0]) === JSON.stringify(expected)) return
  throw new Error(`${table} has ${JSON.stringify(rows[0])}, not ${JSON.stringify(expected)}.`)
}
