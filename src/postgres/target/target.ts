/** The target table: what it is, and whether we may write it. */

import { mustBeAllowed, showTable, type TableName } from '../../domain/table.ts'
import { type SluiceError, sluiceError } from '../../errors.ts'
import type { ModeSpec } from '../../spec/modes.ts'
import type { Connection, Db } from '../db.ts'
import { modes } from '../modes/index.ts'
import { targetLock } from '../names.ts'
import { isBare } from './bare.ts'
import type { TargetTable } from './targetTable.ts'

const kinds: Record<string, string> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  i: 'an index',
  S: 'a sequence',
  c: 'a type',
}

/**
 * Looks at the target, and checks the rights that the mode needs.
 * @returns null when there is no such table yet, and one can be made
 * @throws target_reserved, schema_missing, target_not_a_table, target_not_writable,
 *   target_referenced, and what the mode throws
 */
export async function readTarget(
  db: Db | Connection,
  table: TableName,
  into: ModeSpec,
): Promise<TargetTable | null> {
  mustBeAllowed(table)
  const shown = showTable(table)
  const refuse = (problem: string) => sluiceError('target_not_writable', { table: shown, problem })
  const { rows } = await db.query(
    `select n.oid as schema_oid, has_schema_privilege(n.oid, 'create') as can_create,
            has_schema_privilege(n.oid, 'usage') as can_use, c.oid, c.relkind,
            has_table_privilege(c.oid, 'insert') as can_insert,
            pg_has_role(c.relowner, 'usage') as owns,
            current_user as who
     from pg_namespace n
     left join pg_class c on c.relnamespace = n.oid and c.relname = $2
     where n.nspname = $1`,
    [table.schema, table.name],
  )
  const found = rows[0]
  if (!found) throw await schemaMissing(db, table)
  if (!found.can_use) throw refuse(`${found.who} has no usage right on the schema ${table.schema}`)
  if (!found.can_create) {
    throw refuse(`${found.who} may not create tables in ${table.schema} (the landing table is one)`)
  }
  if (!found.oid) return null
  if (found.relkind !== 'r' && found.relkind !== 'p') {
    throw sluiceError('target_not_a_table', {
      table: shown,
      what: kinds[found.relkind] ?? 'something else',
    })
  }
  if (!found.can_insert) throw refuse(`${found.who} may not insert into it`)
  const { oid, owns: owned, who: role } = found
  const [columns, partitioned] = [await readColumns(db, oid), found.relkind === 'p']
  await modes[into.mode].check(db, { oid, table, owned, role, columns, partitioned }, into)
  return { columns, bare: await isBare(db, table), owned, partitioned }
}

async function schemaMissing(db: Db | Connection, table: TableName): Promise<SluiceError> {
  const { rows } = await db.query('select current_database() as database')
  const schema = showTable({ ...table, name: 'x' }).slice(0, -2)
  return sluiceError('schema_missing', { schema, table: showTable(table), ...rows[0] })
}

async function readColumns(db: Db | Connection, oid: number): Promise<TargetTable['columns']> {
  const { rows } = await db.query(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
            a.attnotnull as "notNull", (a.atthasdef or a.attidentity <> '') as "hasDefault",
            a.attgenerated <> '' as generated, a.attidentity <> '' as identity,
            case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end as default,
            case when a.attcollation <> t.typcollation
                 then format('%I.%I', cn.nspname, co.collname) end as collation
     from pg_attribute a
     join pg_type t on t.oid = a.atttypid
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     left join pg_collation co on co.oid = a.attcollation
     left join pg_namespace cn on cn.oid = co.collnamespace
     where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped
     order by a.attnum`,
    [oid],
  )
  return rows
}

/** Two publishes to one table wait for each other. */
export async function lockTargetName(tx: Connection, table: TableName): Promise<void> {
  const lock = 'select pg_advisory_xact_lock(hashtextextended($1, 0))'
  await tx.query(lock, [targetLock(table)])
}
