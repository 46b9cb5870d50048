/**
 * What is a table, and what hangs on it, as one text: the same for two tables that nobody could tell
 * apart. It names everything by names, and nothing by oids.
 */
import type { Connection } from '../../db.ts'

const comment = (catalog: string, oid: string, column = '0') =>
  `(select description from pg_description
    where classoid = '${catalog}'::regclass and objoid = ${oid} and objsubid = ${column})`

/** Rights, by whom and to whom. Those that an owner has without saying are said. */
const rights = (acl: string, kind: string, owner: string) =>
  `(select json_agg(json_build_array(grantor::regrole, grantee::regrole, privilege_type, is_grantable)
      order by grantor::regrole::text, grantee::regrole::text, privilege_type)
    from aclexplode(coalesce(${acl}, acldefault('${kind}', ${owner}))))`

/** A list of objects as JSON, ordered by themselves. */
const list = (select: string) =>
  `(select json_agg(found order by found::text) from (${select}) found)`

const columns = `
  select row_number() over (order by a.attnum) as no, a.attname, format_type(a.atttypid, a.atttypmod),
         a.attcollation::regcollation, a.attnotnull, a.attidentity, a.attgenerated, a.attstorage,
         a.attcompression, coalesce(a.attstattarget, -1) as statistics, a.attoptions, a.attislocal,
         a.attinhcount, pg_get_expr(d.adbin, d.adrelid) as expression,
         ${rights('a.attacl', 'c', 'c.relowner')} as rights,
         ${comment('pg_class', 'a.attrelid', 'a.attnum')} as comment
  from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`

const constraints = `
  select k.conname, k.contype, pg_get_constraintdef(k.oid) as definition, k.condeferrable,
         k.condeferred, k.convalidated, k.connoinherit, to_jsonb(k) -> 'conenforced' as enforced,
         ${comment('pg_constraint', 'k.oid')} as comment
  from pg_constraint k where k.conrelid = c.oid`

const indexes = `
  select pg_get_indexdef(i.indexrelid) as definition, i.indisvalid, i.indisprimary, i.indisunique,
         i.indisclustered, i.indisreplident, i.indimmediate, ic.reltablespace, ic.relam,
         ${comment('pg_class', 'ic.oid')} as comment,
         (select json_agg(coalesce(attstattarget, -1) order by attnum) from pg_attribute
          where attrelid = ic.oid) as statistics
  from pg_index i join pg_class ic on ic.oid = i.indexrelid where i.indrelid = c.oid`

const triggers = `
  select pg_get_triggerdef(t.oid) as definition, t.tgenabled, ${comment('pg_trigger', 't.oid')} as comment
  from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal`

const statistics = `
  select pg_get_statisticsobjdef(s.oid) as definition, coalesce(s.stxstattarget, -1) as target,
         s.stxowner::regrole, ${comment('pg_statistic_ext', 's.oid')} as comment
  from pg_statistic_ext s where s.stxrelid = c.oid`

const sequences = `
  select s.oid::regclass as name, d.deptype, a.attname, sc.relowner::regrole, sc.relpersistence,
         seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle,
         ${rights('sc.relacl', 's', 'sc.relowner')} as rights, ${comment('pg_class', 'sc.oid')} as comment
  from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
  join pg_class sc on sc.oid = s.oid join pg_sequence q on q.seqrelid = s.oid
  join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
  where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
    and d.refobjid = c.oid and d.deptype in ('a', 'i')`

const describeSql = `
  select json_build_object(
    'table', json_build_array(
      c.relkind, c.relpersistence, c.relam, c.reltablespace, c.relowner::regrole, c.relrowsecurity,
      c.relforcerowsecurity, c.relreplident, c.reloftype, c.relispartition,
      (select array_agg(o order by o) from unnest(c.reloptions) o),
      (select array_agg(o order by o) from pg_class t, unnest(t.reloptions) o where t.oid = c.reltoastrelid),
      ${rights('c.relacl', 'r', 'c.relowner')}, ${comment('pg_class', 'c.oid')}),
    'columns', ${list(columns)}, 'constraints', ${list(constraints)}, 'indexes', ${list(indexes)},
    'triggers', ${list(triggers)}, 'statistics', ${list(statistics)},
    'sequences', ${list(sequences)}
  )::text as description
  from pg_class c where c.oid = $1::regclass`

/**
 * @param table as SQL names it
 * Names are whole where `pg_catalog` is all of the search path.
 */
export async function describe(tx: Connection, table: string): Promise<string> {
  const { rows } = await tx.query(describeSql, [table])
  return rows[0].description
}
