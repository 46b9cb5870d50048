/** Rows as they were before an ingest that replaces them: kept at publish, and restored. */
import { ownRows, quoteIdentifier, quoteTable, sameIn, type TableName } from '../../domain/table.ts'
import { type KeptRow, keptListedMax } from '../../domain/undo.ts'
import type { FullTarget } from '../../spec/target.ts'
import type { Connection } from '../db.ts'
import { undoTables, xminColumn } from '../names.ts'
import { lockPatiently } from '../target/patientLock.ts'
import { createKeys, enterUndo, isOurs, keyColumns, noteWriters } from './written.ts'

interface Of {
  target: TableName
  isPartitioned: boolean
}

/** Copies all rows of the target, once nobody else writes to it. */
export async function keepBefore(
  tx: Connection,
  ingestId: string,
  { target, isPartitioned, onWait }: Of & { onWait?: ((what: string) => void) | undefined },
): Promise<void> {
  const { before } = undoTables(ingestId)
  await lockPatiently(tx, target, 'exclusive', { only: !isPartitioned, onWait })
  await tx.query(`
    drop table if exists ${quoteTable(before)};
    create table ${quoteTable(before)} as select * from ${ownRows(target, isPartitioned)}`)
}

/** After it: all rows that are in the target now are of the ingest. */
export async function enterReplaced(
  tx: Connection,
  ingestId: string,
  { target, isPartitioned, into }: Of & { into: FullTarget },
): Promise<void> {
  const from = ownRows(target, isPartitioned)
  await noteWriters(tx, ingestId, from)
  const keys = await keyColumns(tx, target)
  if (keys) {
    const list = keys.map(quoteIdentifier).join(', ')
    const table = await createKeys(tx, ingestId, { target, keys })
    await tx.query(`insert into ${quoteTable(table)} (${list}) select ${list} from ${from}`)
  }
  await enterUndo(tx, ingestId, { target, made: false, keys, into })
}

export interface Before {
  table: TableName
  /** Columns that it shares with the target, which have values of their own there. */
  columns: { name: string; identity: '' | 'a' | 'd' }[]
  /** Columns that the target has no longer. */
  gone: string[]
  rows: number
}

/** @returns null when the ingest kept none */
export async function readBefore(
  tx: Connection,
  ingestId: string,
  target: TableName,
): Promise<Before | null> {
  const { before: table } = undoTables(ingestId)
  const { rows } = await tx.query(
    `select b.attname::text as name, t.attname is null as gone,
            coalesce(t.attgenerated, '') <> '' as generated,
            coalesce(t.attidentity, '') as identity
     from pg_attribute b
     left join pg_attribute t on t.attrelid = to_regclass($2) and t.attname = b.attname and t.attnum > 0
     where b.attrelid = to_regclass($1) and b.attnum > 0 and not b.attisdropped and b.attname <> $3
     order by b.attnum`,
    [quoteTable(table), quoteTable(target), xminColumn(ingestId)],
  )
  if (rows.length === 0) return null
  const { rows: counted } = await tx.query(`select count(*) as rows from ${quoteTable(table)}`)
  return {
    table,
    columns: rows.filter(({ gone, generated }) => !gone && !generated),
    gone: rows.filter(({ gone }) => gone).map(({ name }) => name),
    rows: counted[0].rows,
  }
}

export interface Restoring extends Of {
  before: Before
  keys: readonly string[] | null
  xids: readonly string[]
}

/** A row whose key another one has now, which is not of the ingest, does not come back. */
const isTaken = ({ target, isPartitioned, keys }: Restoring): string =>
  keys
    ? `exists (select from ${ownRows(target, isPartitioned)} t
               where ${sameIn(keys, 't', 'b')} and not ${isOurs('t')})`
    : 'false'

/** @returns how many rows of before cannot come back, and the first of them */
export async function listTaken(
  tx: Connection,
  restoring: Restoring,
): Promise<{ count: number; kept: KeptRow[] }> {
  const { before, keys, xids } = restoring
  if (!keys) return { count: 0, kept: [] }
  const list = keys.map((name) => `b.${quoteIdentifier(name)}`).join(', ')
  const { rows } = await tx.query(
    `with taken as materialized (
       select ${list} from ${quoteTable(before.table)} b where ${isTaken(restoring)}
     )
     select (select count(*) from taken) as count, coalesce((
       select jsonb_agg(jsonb_build_object('key', to_jsonb(b), 'why', 'taken'))
       from (select * from taken b order by ${list} limit ${keptListedMax}) b
     ), '[]') as kept`,
    [xids],
  )
  return rows[0]
}

/** The statement that brings them back; `$1` are the transactions of the ingest. */
export const restoreText = (restoring: Restoring): string =>
  insertBeforeText(restoring, `not ${isTaken(restoring)}`)

/** As SQL: inserts rows of before, which are `b` in the condition. */
export function insertBeforeText(
  { target, before }: Pick<Restoring, 'target' | 'before'>,
  where: string,
): string {
  const list = before.columns.map(({ name }) => quoteIdentifier(name))
  const overriding = before.columns.some(({ identity }) => identity !== '')
    ? 'overriding system value'
    : ''
  return `insert into ${quoteTable(target)} (${list.join(', ')}) ${overriding}
    select ${list.map((name) => `b.${name}`).join(', ')}
    from ${quoteTable(before.table)} b where ${where}`
}
