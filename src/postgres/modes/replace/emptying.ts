/** How the rows of before are taken out of a target that stays where it is. */
import type { Connection, Db } from '../../db.ts'

export interface Emptying {
  /**
   * Why the rows are taken away by `truncate`, for which readers wait: a `delete` would do more than
   * that, or less. Null when they are deleted, and readers see them until the commit.
   */
  truncates: string | null
  /** Keys of other tables that refer to the rows. */
  keys: Key[]
}

export interface Key {
  /** `invoices_trip_id_fkey of invoices` */
  name: string
  /** Why rows cannot be replaced under it; null when they can. */
  problem: string | null
}

/** The table, and its partitions. */
const tree = `tree (oid) as (
  select $1::oid union select relid::oid from pg_partition_tree($1::oid::regclass)
)`

/** tgtype: 8 delete. */
const reasons = `
  select 1 as at, format('the trigger %I acts on deletes', t.tgname) as problem
  from pg_trigger t join tree on tree.oid = t.tgrelid
  where not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgtype::int & 8 = 8
  union all
  select 2, format('the rule %I acts on deletes', r.rulename)
  from pg_rewrite r where r.ev_class = $1 and r.ev_type = '4' and r.ev_enabled in ('O', 'A')
  union all
  select 3, format('its row security holds for %I', current_user) where row_security_active($1::oid)
  union all
  select 4, format('it is published by %I and has no replica identity', p.pubname)
  from pg_publication p
  join pg_publication_tables pt using (pubname)
  where p.pubdelete and exists (
    select from tree join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
    where (n.nspname = pt.schemaname and c.relname = pt.tablename
           or exists (select from pg_partition_ancestors(c.oid) a join pg_class ac on ac.oid = a
                      join pg_namespace an on an.oid = ac.relnamespace
                      where an.nspname = pt.schemaname and ac.relname = pt.tablename))
      and c.relkind = 'r' and c.relreplident <> 'f' and not exists (
        select from pg_index i where i.indrelid = c.oid
          and case c.relreplident when 'i' then i.indisreplident when 'd' then i.indisprimary end
      )
  )
  union all
  select 5, format('the foreign key %I refers to the table itself, and there is no index on %s',
                   k.conname, k.columns)
  from keys k where k.own and not k.indexed`

// What a foreign key of a partitioned table has made for its partitions is no key of its own. A
// delete asks for the rows that refer to each one that goes: without an index that is a scan each.
const keys = `keys as (
  select c.conname, c.conrelid, c.confdeltype, c.conrelid in (select oid from tree) as own, columns,
         exists (
           select from pg_index i
           where i.indrelid = c.conrelid and i.indisvalid and i.indpred is null
             and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
         ) as indexed
  from pg_constraint c
  cross join lateral (
    select string_agg(quote_ident(attname), ', ' order by attnum) as columns
    from pg_attribute where attrelid = c.conrelid and attnum = any (c.conkey)
  ) named
  where c.contype = 'f' and c.confrelid in (select oid from tree) and not exists (
    select from pg_constraint whole where whole.oid = c.conparentid
      and whole.confrelid in (select oid from tree)
  )
)`

const keysOfOthers = `
  select format('%I of %s', conname, conrelid::regclass) as name,
         case when confdeltype <> 'a' then case confdeltype
                when 'c' then 'on delete cascade' when 'r' then 'on delete restrict'
                when 'n' then 'on delete set null' else 'on delete set default' end
              when not indexed then 'no index on ' || columns
         end as problem
  from keys where not own order by 1`

/** @param oid of the target */
export async function readEmptying(db: Db | Connection, oid: number): Promise<Emptying> {
  const { rows } = await db.query<Emptying>(
    `with recursive ${tree}, ${keys}
     select (select problem from (${reasons}) reasons order by at, problem limit 1) as truncates,
            (select coalesce(json_agg(found), '[]') from (${keysOfOthers}) found) as keys`,
    [oid],
  )
  return rows[0] as Emptying
}
