/** Whether a table is nothing but its columns and its rows. */
import { quoteTable, type TableName } from '../../domain/table.ts'
import type { Connection, Db } from '../db.ts'

/**
 * Nothing hangs on a bare table: no index, constraint, trigger, rule, policy, partition, child,
 * publication, comment, grant, view, sequence, storage setting, and no use of its row type. Another
 * table with the same columns can take its place, and nobody can tell the difference.
 */
export async function isBare(db: Db | Connection, table: TableName): Promise<boolean> {
  const { rows } = await db.query(
    `select c.relkind = 'r' and c.relpersistence = 'p' and not c.relhasindex and not c.relhasrules
            and not c.relhastriggers and not c.relrowsecurity and not c.relforcerowsecurity
            and not c.relhassubclass and c.relreplident = 'd' and c.reloftype = 0
            and c.relacl is null and c.reloptions is null and c.reltablespace = 0
            and c.relowner = (select oid from pg_roles where rolname = current_user)
            and c.relam = (select oid from pg_am
                           where amname = current_setting('default_table_access_method'))
            and not exists (select from pg_inherits where inhrelid = c.oid)
            and not exists (select from pg_constraint where conrelid = c.oid and contype <> 'n')
            and not exists (select from pg_description where objoid = c.oid and classoid = 'pg_class'::regclass)
            and not exists (select from pg_seclabel where objoid = c.oid and classoid = 'pg_class'::regclass)
            and not exists (
              select from pg_attribute a join pg_type t on t.oid = a.atttypid
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                and (a.attgenerated <> '' or a.attidentity <> '' or a.attacl is not null
                     or a.attoptions is not null or a.attcompression <> ''
                     or a.attstorage <> t.typstorage or coalesce(a.attstattarget, -1) <> -1)
            )
            and not exists (select from pg_attribute where attrelid = c.oid and attisdropped)
            and not exists (select from pg_publication where puballtables)
            and not exists (select from pg_publication_namespace where pnnspid = c.relnamespace)
            and not exists (select from pg_publication_rel where prrelid = c.oid)
            and not exists (select from pg_statistic_ext where stxrelid = c.oid)
            and not exists (select from pg_depend where refclassid = 'pg_class'::regclass
              and refobjid = c.oid and deptype in ('n', 'a')
              and classid not in ('pg_attrdef'::regclass, 'pg_constraint'::regclass))
            and not exists (
              select from pg_depend d
              where d.refclassid = 'pg_type'::regclass and d.deptype in ('n', 'a')
                and d.refobjid in (select t.oid from pg_type t
                                   where t.oid = c.reltype or t.typelem = c.reltype)
            )
            as bare
     from pg_class c where c.oid = $1::regclass`,
    [quoteTable(table)],
  )
  return rows[0]?.bare ?? false
}
