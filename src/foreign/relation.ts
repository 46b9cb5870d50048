/** What is read of a database: a table, cut into ranges of its pages, or what a query gives. */
import type pg from 'pg'
import { parseTableName, quoteIdentifier, quoteTable } from '../domain/table.ts'
import type { SourceSession } from './session.ts'

/** A table or a query, as a spec has it. */
export interface Relation {
  table?: string
  query?: string
}

/** A column, as the protocol of PostgreSQL describes it. */
export type Field = Pick<pg.FieldDef, 'name' | 'dataTypeID' | 'dataTypeModifier'>

/** What can stand behind `from`. */
const fromOf = ({ table, query }: Relation): string =>
  table === undefined ? `(${query}\n) as "query"` : quoteTable(parseTableName(table))

/**
 * The columns as PostgreSQL describes them. It takes one statement only, so what passes here may be
 * put into others.
 * @throws source_database_refused
 */
export async function fieldsOf(session: SourceSession, relation: Relation): Promise<Field[]> {
  // A query with a parameter goes by the protocol that takes one statement at a time.
  const text = `select * from ${fromOf(relation)} where $1::boolean limit 0`
  const { fields } = await session.query(text, [false])
  if (relation.table === undefined) return fields
  // A result has what its domains are made of, in their place.
  const { rows } = await session.query<Pick<Field, 'dataTypeID' | 'dataTypeModifier'>>(
    `select atttypid::bigint as "dataTypeID", atttypmod as "dataTypeModifier"
     from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped
     order by attnum`,
    [quoteTable(parseTableName(relation.table))],
  )
  return fields.map(({ name }, at) => ({ name, ...(rows[at] as (typeof rows)[0]) }))
}

/** About how many bytes there will be. */
export async function sizeOf(session: SourceSession, relation: Relation): Promise<number> {
  const { rows } = await session.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `explain (format json) select * from ${fromOf(relation)}`,
  )
  const plan = rows[0]?.['QUERY PLAN'][0].Plan
  const bytes = plan ? plan['Plan Rows'] * plan['Plan Width'] : 1
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.round(bytes)))
}

interface Plan {
  'Plan Rows': number
  'Plan Width': number
}

/** Pages of PostgreSQL that one session reads at a time: 16 MiB of the usual 8 KiB. */
const pagesAtOnce = 2048
/** Since version 14 PostgreSQL reads a range of a table's pages without reading all others. */
const rangesSince = 140_000

interface Part {
  schema: string
  name: string
  kind: string
  pages: number
  /** The session may read it by itself, and would see the same rows. */
  isOpen: boolean
}

/**
 * The statements that give all rows together: one for each range of pages of a large table and of
 * its partitions, else one for all.
 */
export async function selectsOf(
  session: SourceSession,
  relation: Relation,
  fields: readonly Field[],
): Promise<string[]> {
  const names = fields.map(({ name }) => quoteIdentifier(name)).join(', ')
  // A query may give two columns of one name; it is read as it is.
  const whole = `select ${relation.query === undefined ? names || '*' : '*'} from ${fromOf(relation)}`
  if (relation.table === undefined) return [whole]
  const { rows: parts } = await session.query<Part>(partsOf, [
    quoteTable(parseTableName(relation.table)),
    rangesSince,
  ])
  const pages = parts.reduce((sum, part) => sum + part.pages, 0)
  const isCut =
    pages > pagesAtOnce && parts.every(({ kind, isOpen }) => isOpen && 'rm'.includes(kind))
  if (!isCut) return [whole]
  return parts.flatMap(({ schema, name, pages: count }) => {
    const select = `select ${names} from only ${quoteTable({ schema, name })}`
    return rangesIn(count).map(({ start, end }) =>
      // The last one has no end: whatever there is belongs to it.
      [
        `${select} where ctid >= '(${start},0)'`,
        ...(end < count ? [`ctid < '(${end},0)'`] : []),
      ].join(' and '),
    )
  })
}

function rangesIn(pages: number): { start: number; end: number }[] {
  const ranges = []
  for (let start = 0; start === 0 || start < pages; start += pagesAtOnce) {
    ranges.push({ start, end: Math.min(pages, start + pagesAtOnce) })
  }
  return ranges
}

/** The table itself, and all that inherits from it: its partitions. */
const partsOf = `
  with recursive part as (
    select $1::regclass::oid as oid
    union
    select i.inhrelid from part join pg_inherits i on i.inhparent = part.oid
  )
  select n.nspname as schema, c.relname as name, c.relkind as kind,
         (pg_relation_size(c.oid) / current_setting('block_size')::int)::int as pages,
         current_setting('server_version_num')::int >= $2
           and has_table_privilege(c.oid, 'select')
           and (c.oid = $1::regclass or not root.relrowsecurity) as "isOpen"
  from part join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
       join pg_class root on root.oid = $1::regclass
  where c.relkind <> 'p'
  order by c.oid`
