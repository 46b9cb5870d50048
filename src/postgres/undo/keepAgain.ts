/**
 * A retry brings rejects through the mode of their ingest, so it writes rows that the ingest may have
 * written already. What an undo needs of a row then depends on whose row it was.
 */
import { quoteIdentifier, quoteTable, sameIn, type TableName } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { literal } from '../literal.ts'
import { undoTables, xminColumn } from '../names.ts'
import type { Keep } from './keep.ts'
import { noteWritten } from './written.ts'

export interface KeepAgain {
  /** Takes what one fill of the mode keeps. */
  keep: Keep
  /** Brings that to what the ingest kept before, in the subtransaction of the fill. */
  take(): Promise<void>
}

const temporary = (name: string): TableName => ({ schema: 'pg_temp', name })

/** @returns null for an ingest that cannot be taken back by keys, or cannot be any more */
export async function keepAgain(
  tx: Connection,
  ingestId: string,
  target: TableName,
): Promise<KeepAgain | null> {
  // What was kept is not forgotten meanwhile.
  const { rows } = await tx.query<{ keys: string[] }>(
    'select keys from sluice.undos where ingest_id = $1 and by_key for key share',
    [ingestId],
  )
  if (!rows[0]) return null
  const { keys } = rows[0]
  const kept = undoTables(ingestId)
  const names = keys.map(quoteIdentifier).join(', ')
  const xmin = quoteIdentifier(xminColumn(ingestId))
  await widen(tx, kept.before, target)
  for (const { schema, name } of Object.values(kept)) {
    const index = quoteIdentifier(`${name}_key`)
    await tx.query(
      `create unique index if not exists ${index} on ${quoteTable({ schema, name })} (${names})`,
    )
  }
  const keep = {
    table: temporary('sluice_keys_again'),
    keys,
    before: temporary('sluice_before_again'),
  }
  await tx.query(`
    create temporary table ${keep.table.name} on commit drop as
      select ${names} from ${quoteTable(kept.keys)} with no data;
    create temporary table ${keep.before.name} on commit drop as
      select t.xmin as ${xmin}, t.* from ${quoteTable(target)} t with no data`)
  const text = takeText({ keep, kept, xmin, columns: await columnsOf(tx, keep.before) })
  return {
    keep,
    async take() {
      await noteWritten(tx, ingestId)
      await tx.query(text)
    },
  }
}

interface Taking {
  keep: Required<Keep>
  kept: ReturnType<typeof undoTables>
  /** Quoted names. */
  xmin: string
  columns: readonly string[]
}

/**
 * A row that was the ingest's own is none of before, whatever the ingest had kept of it stays. One that
 * somebody else has written since is that to which an undo goes back. One that somebody has deleted since
 * is not to come back.
 */
function takeText({ keep, kept, xmin, columns }: Taking): string {
  const [keys, before] = [quoteTable(kept.keys), quoteTable(kept.before)]
  const [now, was] = [quoteTable(keep.table), quoteTable(keep.before)]
  const same = (one: string, other: string) => sameIn(keep.keys, one, other)
  const names = keep.keys.map(quoteIdentifier).join(', ')
  const isOwn = `exists (select from ${keys} k where ${same('k', 'p')} and k.xmin = p.${xmin})`
  return `
    delete from ${before} b using ${now} n
    where ${same('b', 'n')} and exists (select from ${keys} k where ${same('k', 'n')})
      and not exists (select from ${was} p where ${same('p', 'n')});
    delete from ${before} b using ${was} p where ${same('b', 'p')} and not ${isOwn};
    insert into ${before} (${columns.join(', ')})
      select ${columns.map((name) => `p.${name}`).join(', ')} from ${was} p where not ${isOwn};
    delete from ${keys} k using ${was} p where ${same('k', 'p')};
    delete from ${keys} k using ${now} n where ${same('k', 'n')};
    insert into ${keys} (${names}) select ${names} from ${now};
    delete from ${now};
    delete from ${was}`
}

async function columnsOf(tx: Connection, { name }: TableName): Promise<string[]> {
  const { rows } = await tx.query(
    `select quote_ident(attname) as name from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 order by attnum`,
    [`pg_temp.${name}`],
  )
  return rows.map((row) => row.name)
}

/**
 * Rows of before get the columns that the target has got since, with the value that its rows got then, and
 * the types that it has now.
 */
async function widen(tx: Connection, before: TableName, target: TableName): Promise<void> {
  const { rows } = await tx.query<{
    name: string
    type: string
    was: string | null
    value: string
  }>(
    `select quote_ident(t.attname) as name, format_type(t.atttypid, t.atttypmod) as type,
            format_type(b.atttypid, b.atttypmod) as was, t.attmissingval::text as value
     from pg_attribute t
     left join pg_attribute b on b.attrelid = to_regclass($2) and b.attname = t.attname and b.attnum > 0
     where t.attrelid = to_regclass($1) and t.attnum > 0 and not t.attisdropped
       and (b.attnum is null or (b.atttypid, b.atttypmod) <> (t.atttypid, t.atttypmod))`,
    [quoteTable(target), quoteTable(before)],
  )
  const alter = `alter table ${quoteTable(before)}`
  for (const { name, type, was, value } of rows) {
    if (was !== null) {
      await tx.query(`${alter} alter column ${name} type ${type} using ${name}::${type}`)
      continue
    }
    const preset = value === null ? 'null' : `(${literal(value)}::${type}[])[1]`
    await tx.query(`${alter} add column ${name} ${type} default ${preset};
      ${alter} alter column ${name} drop default`)
  }
}
