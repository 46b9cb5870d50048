/** Rows of an ingest that are known by their keys, see keep.ts: what has become of them, and how they go. */
import { ownRows, quoteIdentifier, quoteTable, sameIn, showTable } from '../../domain/table.ts'
import { keptListedMax } from '../../domain/undo.ts'
import type { Connection } from '../db.ts'
import { literal } from '../literal.ts'
import { hasUniqueKey } from '../modes/key.ts'
import { undoTables } from '../names.ts'
import { type Before, insertBeforeText } from './before.ts'
import { type Counted, impossible, type Surveyed } from './entry.ts'

/** What is asked of rows by their keys. */
export interface ByKey extends Pick<Surveyed, 'target' | 'isPartitioned'> {
  ingestId: string
  keys: readonly string[]
  before: Before
}

/**
 * @param surveyed.ofThem how many rows transactions of the ingest wrote
 * @throws undo_impossible when the rows cannot be found by their key any more
 */
export async function countByKey(
  tx: Connection,
  ingestId: string,
  { entry, ofThem, target, isPartitioned, before }: Surveyed & { ofThem: number },
): Promise<Counted> {
  const { targetOid, xids } = entry
  const keys = entry.keys ?? []
  if (!before || !(await hasUniqueKey(tx, targetOid, keys))) {
    const problem = `its rows are found by ${keys.join(', ')}, and it has no unique index on that any more`
    throw impossible(ingestId, showTable(target), problem)
  }
  const named = keys.map((name, at) => `${literal(name)}, key_${at}`).join(', ')
  const order = keys.map((_, at) => `key_${at}`).join(', ')
  const { rows } = await tx.query(
    `with ${fatesText({ ingestId, target, isPartitioned, keys, before })}
     select count(*) filter (where fate = 'removed') as "rowsRemoved",
            count(*) filter (where fate = 'restored') as "rowsRestored",
            count(*) filter (where fate not in ('removed', 'restored')) as "rowsKept",
            count(*) filter (where not was_there) as "rowsAdded",
            count(*) filter (where is_left) as left,
            count(*) filter (where is_ours) as ours,
            $2::bigint - count(*) filter (where is_ours and written_by = any($1::xid[])) as strange,
            coalesce((
              select jsonb_agg(kept) from (
                select jsonb_build_object('key', jsonb_build_object(${named}), 'why', fate) as kept
                from fates where fate not in ('removed', 'restored')
                order by ${order} limit ${keptListedMax}
              ) first
            ), '[]') as kept
     from fates`,
    [xids, ofThem],
  )
  return rows[0]
}

/** As SQL: `fates` has each row that the ingest inserted, updated or deleted, and what an undo does to it. */
function fatesText({ ingestId, target, isPartitioned, keys }: ByKey): string {
  const { keys: written, before } = undoTables(ingestId)
  const names = keys.map(quoteIdentifier)
  const own = names.map((name, at) => `coalesce(k.${name}, b.${name}) as key_${at}`)
  const found = names.map((name, at) => `t.${name} = w.key_${at}`)
  return `written as (
      select ${own.join(', ')}, k.xmin as written_by, k.tableoid is not null as is_left,
             b.tableoid is not null as was_there
      from ${quoteTable(written)} k full join ${quoteTable(before)} b on ${sameIn(keys, 'k', 'b')}
    ), fates as materialized (
      select w.*, is_left and t.xmin = written_by as is_ours,
             case when not is_left and t.tableoid is null then 'restored'
                  when not is_left then 'taken'
                  when t.tableoid is null then 'deleted'
                  when t.xmin <> written_by then 'changed'
                  when was_there then 'restored'
                  else 'removed' end as fate
      from written w left join ${ownRows(target, isPartitioned)} t on ${found.join(' and ')}
    )`
}

/** As SQL: whether a row of the target goes with the ingest. */
export function goesByKey({ ingestId, keys }: Pick<ByKey, 'ingestId' | 'keys'>, row: string) {
  const { keys: written, before } = undoTables(ingestId)
  return `exists (select from ${quoteTable(written)} k
                  where ${sameIn(keys, 'k', row)} and k.xmin = ${row}.xmin)
          and not exists (select from ${quoteTable(before)} b where ${sameIn(keys, 'b', row)})`
}

/** As SQL: whether a row of the target gets other values in these columns, which are quoted. */
export function changesByKey(
  { ingestId, keys, before }: ByKey,
  row: string,
  columns: readonly string[],
): string {
  const of = (alias: string) => columns.map((name) => `${alias}.${name}`).join(', ')
  return `exists (select from ${quoteTable(before.table)} b
                  join ${quoteTable(undoTables(ingestId).keys)} k on ${sameIn(keys, 'k', 'b')}
                  where ${sameIn(keys, 'b', row)} and k.xmin = ${row}.xmin
                    and (${of('b')}) is distinct from (${of(row)}))`
}

/**
 * The queries that take the rows out, write them as they were and bring them back, as SQL. They come in
 * this order, so that values of unique indexes are free.
 */
export function exchangeByKeyText(byKey: ByKey): { gone: string; changed: string; back: string } {
  const { ingestId, target, isPartitioned, keys, before } = byKey
  const written = quoteTable(undoTables(ingestId).keys)
  const rows = ownRows(target, isPartitioned)
  const set = before.columns
    .filter(({ name, identity }) => identity !== 'a' && !keys.includes(name))
    .map(({ name }) => quoteIdentifier(name))
    .map((name) => `${name} = b.${name}`)
  const after = (query: string) => `(select count(*) from ${query}) >= 0`
  return {
    gone: `delete from ${rows} t where ${goesByKey(byKey, 't')} returning 1`,
    changed:
      set.length === 0
        ? 'select 1 where false'
        : `update ${rows} t set ${set.join(', ')}
           from ${quoteTable(before.table)} b join ${written} k on ${sameIn(keys, 'k', 'b')}
           where ${sameIn(keys, 't', 'b')} and t.xmin = k.xmin and ${after('gone')} returning 1`,
    back: `${insertBeforeText(
      byKey,
      `not exists (select from ${written} k where ${sameIn(keys, 'k', 'b')})
       and not exists (select from ${rows} t where ${sameIn(keys, 't', 'b')}) and ${after('changed')}`,
    )} returning 1`,
  }
}
