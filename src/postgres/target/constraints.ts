/** The constraints of a target, as its catalog has them. */
import type { TargetColumn } from '../../domain/columns.ts'
import { quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import type { Connection } from '../db.ts'

/** What a row must meet. Texts are SQL over the columns of the target, without its name. */
export interface Constraints {
  columns: ConstrainedColumn[]
  checks: Check[]
  foreignKeys: ForeignKey[]
  uniques: Unique[]
  partitioned: boolean
}

export interface ConstrainedColumn {
  name: string
  type: string
  collation: string | null
  notNull: boolean
  notNullName: string | null
  generated: boolean
  /** The expression of its default, or the one that generates it. */
  expression: string | null
  /** The expression gives something else each time. */
  volatile: boolean
  /** Columns that generate it. */
  reads: string[]
}

export interface Check {
  /** Null: the bounds of the partitions. */
  name: string | null
  expression: string
  column: string | null
}

export interface ForeignKey {
  name: string
  columns: string[]
  /** As SQL, with `only` where it belongs. */
  referenced: string
  /** As people write it. */
  shown: string
  referencedColumns: string[]
  /** As SQL, one for each column: what it references on the left. */
  operators: string[]
  /** MATCH FULL: all columns are NULL, or none. */
  full: boolean
  /** It references the target itself. */
  self: boolean
}

export interface Unique {
  name: string
  /** SQL, with its collation. */
  keys: string[]
  /** As people write it. */
  shown: string
  operators: string[]
  /** Rows that it does not hold for are left alone. */
  predicate: string | null
  nullsDistinct: boolean
  column: string | null
}

/**
 * Can the target refuse a single row, when these columns are filled? By a constraint, a value that is
 * too large for an index, what it generates, a policy, or a trigger.
 */
export async function mayRefuse(
  tx: Connection,
  table: TableName,
  filled: readonly Pick<TargetColumn, 'notNull'>[],
): Promise<boolean> {
  if (filled.some(({ notNull }) => notNull)) return true
  const { rows } = await tx.query(
    `select relkind = 'p' or relispartition or row_security_active(c.oid)
            or exists (select from pg_index where indrelid = c.oid)
            or exists (select from pg_constraint where conrelid = c.oid and contype in ('c', 'f'))
            or exists (select from pg_attribute where attrelid = c.oid and attgenerated <> '')
            or exists (select from pg_trigger where tgrelid = c.oid and ${seesEachRow})
            as refuses
     from pg_class c where oid = $1::regclass`,
    [quoteTable(table)],
  )
  return rows[0].refuses
}

/** tgtype: 1 for each row, 4 insert. Those of foreign keys are internal. */
const seesEachRow = `not tgisinternal and tgenabled in ('O', 'A') and tgtype::int & 5 = 5`

export async function readConstraints(tx: Connection, table: TableName): Promise<Constraints> {
  const name = [quoteTable(table)]
  const { rows: kinds } = await tx.query(
    `select relkind = 'p' as partitioned from pg_class where oid = $1::regclass`,
    name,
  )
  const { rows: columns } = await tx.query<ConstrainedColumn>(columnsSql, name)
  const { rows: checks } = await tx.query<Check>(checksSql, name)
  const { rows: bounds } = await tx.query<Check>(boundsSql, name)
  const { rows: foreignKeys } = await tx.query<ForeignKey>(foreignKeysSql, name)
  const { rows: uniques } = await tx.query<Unique>(uniquesSql, name)
  return {
    columns,
    checks: [...checks, ...bounds.filter(({ expression }) => expression)],
    foreignKeys,
    uniques,
    partitioned: kinds[0]?.partitioned ?? false,
  }
}

/** Constraints that would be judged at the commit are judged by the statement. */
export async function judgeAtOnce(tx: Connection, table: TableName): Promise<void> {
  const { rows } = await tx.query(
    `select conname as name from pg_constraint
     where conrelid = $1::regclass and condeferred and contype <> 't'`,
    [quoteTable(table)],
  )
  if (rows.length === 0) return
  const names = rows.map(({ name }) => quoteTable({ schema: table.schema, name }))
  await tx.query(`set constraints ${names.join(', ')} immediate`)
}

/**
 * Deferred triggers run now, when all rows are there, as they would at the commit: an error of
 * theirs there would not say which table it is about. What comes after is deferred as before.
 */
export async function runDeferred(tx: Connection): Promise<void> {
  await tx.query('set constraints all immediate; set constraints all deferred')
}

// What an expression calls and reads is told by its node tree only: built-in functions have no
// dependencies in the catalog.
const columnsSql = `
  select a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
         a.attnotnull as "notNull", a.attgenerated <> '' as generated,
         pg_get_expr(d.adbin, d.adrelid) as expression,
         case when a.attcollation <> t.typcollation
              then format('%I.%I', cn.nspname, co.collname) end as collation,
         a.attidentity <> '' or coalesce(d.adbin::text ~ 'NEXTVALUEEXPR', false) or exists (
           select from regexp_matches(d.adbin::text, ':(?:op)?funcid (\\d+)', 'g') as called (ids)
           join pg_proc p on p.oid = ids[1]::oid where p.provolatile = 'v'
         ) as volatile,
         array(
           select distinct r.attname::text
           from regexp_matches(d.adbin::text, ':varattno (\\d+)', 'g') as read (nos)
           join pg_attribute r on r.attrelid = a.attrelid and r.attnum = nos[1]::int
         ) as reads,
         (select n.conname from pg_constraint n
          where n.conrelid = a.attrelid and n.contype = 'n' and n.conkey = array[a.attnum]
          limit 1) as "notNullName"
  from pg_attribute a
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  left join pg_collation co on co.oid = a.attcollation
  left join pg_namespace cn on cn.oid = co.collnamespace
  where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
  order by a.attnum`

const oneColumn = `(
  select attname from pg_attribute
  where attrelid = c.conrelid and c.conkey = array[attnum]
)`

// PostgreSQL 17 knows neither of the two: such constraints are not enforced, or not of this kind.
const enforced = `coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)`
const ofPeriods = `coalesce((to_jsonb(c) ->> 'conperiod')::boolean, false)`

const checksSql = `
  select c.conname as name, pg_get_expr(c.conbin, c.conrelid) as expression,
         ${oneColumn} as column
  from pg_constraint c
  where c.conrelid = $1::regclass and c.contype = 'c' and ${enforced}
  order by c.conname`

/** A row must fit the target, where that is a partition, and one of its partitions. */
const boundsSql = `
  select null as name, null as column, pg_get_partition_constraintdef($1::regclass) as expression
  union all
  select null, null, string_agg('(' || coalesce(pg_get_partition_constraintdef(relid), 'true') || ')', ' or ')
  from pg_partition_tree($1::regclass)
  where isleaf and relid <> $1::regclass`

const foreignKeysSql = `
  select c.conname as name, c.confmatchtype = 'f' as full, c.confrelid = c.conrelid as self,
         case when p.relkind = 'p' then '' else 'only ' end
           || format('%I.%I', pn.nspname, p.relname) as referenced,
         p.relname as shown,
         k.columns, k.referenced_columns as "referencedColumns", k.operators
  from pg_constraint c
  join pg_class p on p.oid = c.confrelid
  join pg_namespace pn on pn.oid = p.relnamespace
  cross join lateral (
    select array_agg(a.attname::text order by at) as columns,
           array_agg(pa.attname::text order by at) as referenced_columns,
           array_agg(format('operator(%I.%s)', opn.nspname, op.oprname) order by at) as operators
    from unnest(c.conkey, c.confkey, c.conpfeqop) with ordinality as key (no, pno, eq, at)
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = key.no
    join pg_attribute pa on pa.attrelid = c.confrelid and pa.attnum = key.pno
    join pg_operator op on op.oid = key.eq
    join pg_namespace opn on opn.oid = op.oprnamespace
  ) k
  where c.conrelid = $1::regclass and c.contype = 'f' and ${enforced} and not ${ofPeriods}
    and not exists (
      select from pg_constraint whole
      where whole.oid = c.conparentid and whole.conrelid = c.conrelid
    )
  order by c.conname`

/**
 * Unique indexes, whether a constraint made them or not. One that compares otherwise than its
 * type does cannot be judged by grouping, and is left out.
 */
const uniquesSql = `
  select ic.relname as name, not i.indnullsnotdistinct as "nullsDistinct",
         pg_get_expr(i.indpred, i.indrelid) as predicate,
         array_agg(key.expression || key.collation order by key.at) as keys,
         string_agg(key.expression, ', ' order by key.at) as shown,
         array_agg(key.operator order by key.at) as operators,
         case when count(*) = 1 then min(key.column_name) end as column
  from pg_index i
  join pg_class ic on ic.oid = i.indexrelid
  cross join lateral (
    select at, pg_get_indexdef(i.indexrelid, at::int, false) as expression,
           a.attname::text as column_name,
           coalesce(' collate ' || quote_ident(cn.nspname) || '.' || quote_ident(co.collname), '')
             as collation,
           (select format('operator(%I.%s)', opn.nspname, op.oprname)
            from pg_opclass usual
            join pg_amop usual_eq on usual_eq.amopfamily = usual.opcfamily
              and usual_eq.amopstrategy = 3 and usual_eq.amoplefttype = usual.opcintype
              and usual_eq.amoprighttype = usual.opcintype
            join pg_operator op on op.oid = usual_eq.amopopr
            join pg_namespace opn on opn.oid = op.oprnamespace
            where usual.opcmethod = oc.opcmethod and usual.opcdefault
              and usual.opcintype = oc.opcintype and usual_eq.amopopr = eq.amopopr
            limit 1) as operator
    from unnest(i.indclass, i.indcollation, i.indkey) with ordinality
      as part (opclass, collation_oid, no, at)
    join pg_opclass oc on oc.oid = part.opclass
    join pg_amop eq on eq.amopfamily = oc.opcfamily and eq.amopstrategy = 3
      and eq.amoplefttype = oc.opcintype and eq.amoprighttype = oc.opcintype
    left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = part.no and part.no > 0
    left join pg_collation co on co.oid = part.collation_oid
    left join pg_namespace cn on cn.oid = co.collnamespace
    where at <= i.indnkeyatts
  ) key
  where i.indrelid = $1::regclass and i.indisunique and i.indisready and not i.indisexclusion
  group by ic.relname, i.indexrelid, i.indnullsnotdistinct, i.indpred, i.indrelid, i.indisprimary
  having bool_and(key.operator is not null)
  order by i.indisprimary desc, ic.relname`

/**
 * The rows of the landing table as the target would have them: with the defaults of columns that
 * no file fills, and what is generated. Columns that cannot be foretold are left out.
 * @param landing `own`: rows that have their key in that table already keep what no file fills
 */
export function rowsAsTarget(
  { columns }: Constraints,
  landing: {
    table: string
    row: string
    filled: ReadonlySet<string>
    own: { table: string; key: readonly string[] } | null
  },
): string {
  const { filled, table, row, own } = landing
  const key = (own?.key ?? []).map(quoteIdentifier)
  const same = key.map((name) => `h.${name} = l.${name}`).join(' and ')
  const from = own ? `${table} l left join ${own.table} h on ${same}` : `${table} l`
  const known = new Set<string>()
  const base: string[] = [`l.${quoteIdentifier(row)} as ${quoteIdentifier(row)}`]
  for (const column of columns) {
    if (column.generated) continue
    const name = quoteIdentifier(column.name)
    if (filled.has(column.name)) base.push(`l.${name} as ${name}`)
    else if (column.volatile) continue
    else base.push(`${unfilled(column, key[0])} as ${name}`)
    known.add(column.name)
  }
  const made = columns
    .filter(({ generated, volatile, reads }) => generated && !volatile && isSubset(reads, known))
    .map(
      ({ name, expression, type }) =>
        `cast((${expression}) as ${type}) as ${quoteIdentifier(name)}`,
    )
  return `(select ${['b.*', ...made].join(', ')} from (select ${base.join(', ')} from ${from}) b)`
}

/** @param key of the row of the target that the row will change, `h`; absent where there is none */
function unfilled(column: ConstrainedColumn, key: string | undefined): string {
  const collate = column.collation ? ` collate ${column.collation}` : ''
  const value = `cast((${column.expression ?? 'null'}) as ${column.type})${collate}`
  if (key === undefined) return value
  return `case when h.${key} is null then ${value} else h.${quoteIdentifier(column.name)} end`
}

const isSubset = (names: readonly string[], of: ReadonlySet<string>): boolean =>
  names.every((name) => of.has(name))
