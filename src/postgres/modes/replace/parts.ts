/** What a copy of a table is made of: all that hangs on it, as statements that make the same again. */
import type { Connection } from '../../db.ts'

export interface Parts {
  /** The table as PostgreSQL writes it, with its schema. */
  shown: string
  /** Settings of the table and of its TOAST table: `fillfactor=80`, `toast.autovacuum_enabled=off`. */
  options: string[]
  accessMethod: string
  comment: string | null
  replicaIdentity: 'd' | 'f' | 'n' | 'i'
  columns: { name: string; statistics: number; options: string[] | null }[]
  /** Columns that a sequence of the table's own numbers. Names of sequences are SQL. */
  numbered: Numbered[]
  indexes: Index[]
  triggers: { name: string; definition: string; enabled: string; comment: string | null }[]
  statistics: Statistics[]
  rights: Right[]
}

export interface Numbered {
  column: string
  /** As SQL, and without its schema. */
  sequence: string
  name: string
  identity: boolean
  comment: string | null
  rights: Right[]
}

export interface Index {
  name: string
  definition: string
  /** Null for an index that no constraint has made. */
  constraint: string | null
  comment: string | null
  constraintComment: string | null
  clustered: boolean
  replicaIdentity: boolean
  /** The statistics targets of its columns, from the first; -1 is usual. */
  targets: number[]
}

export interface Statistics {
  name: string
  definition: string
  target: number
  comment: string | null
}

export interface Right {
  /** Null for a right on the whole table. */
  column: string | null
  /** As SQL. */
  to: string
  privilege: string
  grantable: boolean
}

const comment = (catalog: string, oid: string) =>
  `(select description from pg_description
    where classoid = '${catalog}'::regclass and objoid = ${oid} and objsubid = 0)`

const list = (select: string) => `coalesce((select json_agg(found) from (${select}) found), '[]')`

const rights = (acl: string, column: string) => `
  select ${column} as column, case grantee when 0 then 'public' else grantee::regrole::text end as to,
         privilege_type as privilege, is_grantable as grantable
  from aclexplode(${acl})`

/** Rights on a table (r) or a sequence (s), whose owner has all unless it says otherwise. */
export const rightsSql = (of: string, kind: 'r' | 's') =>
  list(rights(`coalesce(${of}.relacl, acldefault('${kind}', ${of}.relowner))`, 'null::text'))

/**
 * Nothing depends on the table by its oid that a copy could not take over, nobody else has granted
 * rights on it, and no row that goes into it is changed or refused by what is not part of the copy.
 *
 * tgtype: 4 insert, 32 truncate. deptype: `a` and `i` are what goes with the table.
 */
export const canBeCopied = `
  c.relkind = 'r' and c.relpersistence = 'p' and c.reloftype = 0 and c.reltablespace = 0
  and c.relowner = (select oid from pg_roles where rolname = current_user)
  and not c.relhasrules and not c.relispartition and not c.relrowsecurity and not c.relforcerowsecurity
  and not exists (select from pg_inherits where c.oid in (inhrelid, inhparent))
  and not exists (select from pg_policy where polrelid = c.oid)
  and not exists (
    select from pg_constraint k where c.oid in (k.conrelid, k.confrelid) and (
      k.contype not in ('c', 'n', 'p', 'u', 'x') or not k.convalidated
      or coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) = false)
  )
  and not exists (
    select from pg_trigger t where t.tgrelid = c.oid and t.tgenabled in ('O', 'A')
      and not t.tgisinternal and t.tgtype::int & 36 <> 0
  )
  and not exists (
    select from pg_index i join pg_class ic on ic.oid = i.indexrelid
    where i.indrelid = c.oid and (not i.indisvalid or ic.reltablespace <> 0)
  )
  and not exists (
    select from pg_statistic_ext where stxrelid = c.oid
      and (stxowner <> c.relowner or stxnamespace <> c.relnamespace)
  )
  and not exists (select from pg_seclabel where objoid = c.oid and classoid = 'pg_class'::regclass)
  and not exists (select from pg_publication where puballtables)
  and not exists (select from pg_publication_namespace where pnnspid = c.relnamespace)
  and not exists (select from pg_publication_rel where prrelid = c.oid)
  and not exists (
    select from pg_class r cross join aclexplode(r.relacl) where grantor <> r.relowner and (
      r.oid = c.oid or r.oid in (select objid from pg_depend
        where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and refobjid = c.oid))
  )
  and not exists (
    select from pg_attribute cross join aclexplode(attacl) where attrelid = c.oid and grantor <> c.relowner
  )
  and not exists (
    select from pg_depend d where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
      and d.deptype in ('n', 'a') and not case d.classid
        when 'pg_attrdef'::regclass then true
        when 'pg_constraint'::regclass then true
        when 'pg_statistic_ext'::regclass then true
        when 'pg_trigger'::regclass then (select tgrelid = c.oid from pg_trigger where oid = d.objid)
        when 'pg_class'::regclass then (
          select relkind in ('i', 'S') and relowner = c.relowner and relnamespace = c.relnamespace
          from pg_class where oid = d.objid)
        else false
      end
  )
  and not exists (
    select from pg_depend d where d.deptype in ('e', 'x') and d.classid in ('pg_class'::regclass, 'pg_trigger'::regclass)
      and (d.objid = c.oid or d.objid in (select indexrelid from pg_index where indrelid = c.oid)
           or d.objid in (select oid from pg_trigger where tgrelid = c.oid))
  )
  and not exists (
    select from pg_depend d where d.refclassid = 'pg_type'::regclass and d.deptype in ('n', 'a')
      and d.refobjid in (select t.oid from pg_type t where t.oid = c.reltype or t.typelem = c.reltype)
  )
  and not exists (
    select from pg_depend o join pg_depend d on d.refclassid = o.classid and d.refobjid = o.objid
    where o.classid = 'pg_class'::regclass and o.refclassid = 'pg_class'::regclass and o.refobjid = c.oid
      and o.deptype = 'i' and d.deptype = 'n'
  )`

const partsSql = `
  select format('%I.%I', n.nspname, c.relname) as shown, am.amname as "accessMethod",
    array(select o from unnest(c.reloptions) o
          union all select 'toast.' || o from pg_class t, unnest(t.reloptions) o
          where t.oid = c.reltoastrelid) as options,
    ${comment('pg_class', 'c.oid')} as comment, c.relreplident as "replicaIdentity",
    ${list(`
      select attname as name, coalesce(attstattarget, -1) as statistics, attoptions as options
      from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
        and (coalesce(attstattarget, -1) <> -1 or attoptions is not null)`)} as columns,
    ${list(`
      select a.attname as column, s.oid::regclass::text as sequence, s.relname as name,
             d.deptype = 'i' as identity, ${comment('pg_class', 's.oid')} as comment,
             ${rightsSql('s', 's')} as rights
      from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
      join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
      where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
        and d.refobjid = c.oid and d.deptype in ('a', 'i')`)} as numbered,
    ${list(`
      select ic.relname as name, i.indisclustered as clustered, i.indisreplident as "replicaIdentity",
             coalesce(pg_get_constraintdef(k.oid), pg_get_indexdef(i.indexrelid)) as definition,
             k.conname as constraint, ${comment('pg_class', 'ic.oid')} as comment,
             ${comment('pg_constraint', 'k.oid')} as "constraintComment",
             array(select coalesce(attstattarget, -1) from pg_attribute
                   where attrelid = ic.oid order by attnum) as targets
      from pg_index i join pg_class ic on ic.oid = i.indexrelid
      left join pg_constraint k on k.conindid = ic.oid and k.conrelid = c.oid and k.contype in ('p', 'u', 'x')
      where i.indrelid = c.oid order by i.indisprimary desc, ic.relname`)} as indexes,
    ${list(`
      select tgname as name, pg_get_triggerdef(oid) as definition, tgenabled as enabled,
             ${comment('pg_trigger', 't.oid')} as comment
      from pg_trigger t where tgrelid = c.oid and not tgisinternal`)} as triggers,
    ${list(`
      select stxname as name, pg_get_statisticsobjdef(oid) as definition,
             coalesce(stxstattarget, -1) as target, ${comment('pg_statistic_ext', 's.oid')} as comment
      from pg_statistic_ext s where stxrelid = c.oid`)} as statistics,
    ${list(`
      ${rights(`coalesce(c.relacl, acldefault('r', c.relowner))`, 'null::text')}
      union all
      select given.* from pg_attribute a cross join lateral (${rights('a.attacl', 'a.attname::text')}) given
      where a.attrelid = c.oid and a.attacl is not null and not a.attisdropped`)} as rights
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_am am on am.oid = c.relam
  where c.oid = $1::regclass`

/** @param table as SQL names it; `pg_catalog` is all of the search path, so that names are whole */
export async function readParts(tx: Connection, table: string): Promise<Parts> {
  const { rows } = await tx.query<Parts>(partsSql, [table])
  return rows[0] as Parts
}
