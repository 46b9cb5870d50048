/** What a table must have for a history, and the statements that make it so. */
import { quoteIdentifier, quoteTable, showTable } from '../../../domain/table.ts'
import { sluiceError } from '../../../errors.ts'
import { type ModeSpec, periodColumnsOf } from '../../../spec/modes.ts'
import { isTime, mustBeTime, usualTime } from '../../../spec/periods.ts'
import type { Connection, Db } from '../../db.ts'
import { checkColumns, keyOf } from '../key.ts'
import type { Candidate } from '../mode.ts'
import { checkScope } from '../scope.ts'

/**
 * @throws target_not_writable, mode_column_missing, history_not_kept, valid_from_not_time,
 *   sql_refused
 */
export async function mustKeepHistory(
  db: Db | Connection,
  candidate: Candidate,
  into: ModeSpec,
): Promise<void> {
  const { table, columns, partitioned } = candidate
  await checkColumns(db, candidate, { into, rights: ['select', 'update'] })
  const given = columns.find(({ name }) => name === into.validFrom)
  if (given) mustBeTime(given)
  mustSuit(candidate, into)
  const indexes = await readIndexes(db, candidate, into)
  const lacking = [
    ...lackingColumns(candidate, into),
    ...lackingIndexes(candidate, into, indexes),
  ].sort((one, other) => one.order - other.order)
  if (lacking.length > 0) {
    const problem = lacking.map(({ what }) => what).join(', and ')
    const sql = lacking.map((each) => each.sql).join('; ')
    throw sluiceError('history_not_kept', { table: showTable(table), problem, sql })
  }
  const names = columns.map(({ name }) => name)
  await checkScope(db, { table, only: !partitioned, columns: names, into })
}

/** @throws target_not_writable for a column that cannot have what is written to it */
function mustSuit({ table, columns }: Candidate, into: ModeSpec): void {
  const { from, to, current } = periodColumnsOf(into)
  const typeOf = (name: string) => columns.find((column) => column.name === name)?.type
  const time = typeOf(from)
  const problems = columns.map((column) => {
    if (column.name === from) return problemOf(column, 'a date or a timestamp', isTime)
    if (column.name === to) {
      return column.notNull
        ? `${to} is not null, and a period that goes on has no end`
        : problemOf(
            column,
            time ?? 'a date or a timestamp',
            (type) => isTime(type) && type === (time ?? type),
          )
    }
    return column.name === current
      ? problemOf(column, 'a boolean', (type) => type === 'boolean')
      : null
  })
  const problem = problems.find((each) => each !== null)
  if (problem) throw sluiceError('target_not_writable', { table: showTable(table), problem })
}

function problemOf(
  { name, type, generated }: Candidate['columns'][number],
  needed: string,
  suits: (type: string) => boolean,
): string | null {
  if (suits(type) && !generated) return null
  const is = generated ? 'generated' : type
  return `${name} is ${is}, and the mode history needs ${needed} there`
}

interface Lacking {
  what: string
  /** What makes it so. */
  sql: string
  /** Statements go in this order: what is in the way comes first. */
  order: number
}

/** Rows that are there have been valid for as long as anybody knows. */
function lackingColumns({ table, columns }: Candidate, into: ModeSpec): Lacking[] {
  const { from, to, current } = periodColumnsOf(into)
  const timeOf = (name: string) => columns.find((column) => column.name === name)?.type
  const type = timeOf(from) ?? timeOf(to) ?? timeOf(into.validFrom ?? '') ?? usualTime
  const wanted = {
    [from]: `${type} not null default '-infinity'`,
    [to]: type,
    [current]: 'boolean not null default true',
  }
  const names = Object.keys(wanted).filter((name) => timeOf(name) === undefined)
  const adds = names.map((name) => `add column ${quoteIdentifier(name)} ${wanted[name]}`)
  const open = columns.some(({ name, notNull }) => name === from && !notNull)
  const all = [...adds, ...(open ? [`alter column ${quoteIdentifier(from)} set not null`] : [])]
  if (all.length === 0) return []
  const absent = `it has no column ${names.join(', ')}`
  return [
    {
      what: [...(names.length > 0 ? [absent] : []), ...(open ? [`${from} may be NULL`] : [])].join(
        ', and ',
      ),
      sql: `alter table ${quoteTable(table)} ${all.join(', ')}`,
      order: 1,
    },
  ]
}

interface Index {
  name: string
  constraint: string | null
  columns: string[]
  isPrimary: boolean
  isPartial: boolean
  isOfCurrent: boolean
  isChecked: boolean
}

function lackingIndexes(
  { table }: Candidate,
  into: ModeSpec,
  indexes: readonly Index[],
): Lacking[] {
  const at = quoteTable(table)
  const key = keyOf(into)
  const { from, current } = periodColumnsOf(into)
  const list = (names: readonly string[]) => names.map(quoteIdentifier).join(', ')
  const isOn = (names: readonly string[]) => (index: Index) =>
    index.isChecked && [...index.columns].sort().join('\0') === [...names].sort().join('\0')
  const blocking = indexes.filter(
    (index) => !index.isPartial && index.columns.every((name) => key.includes(name)),
  )
  const byKey = [...key, from]
  const others = indexes.filter((index) => !blocking.includes(index))
  const hasPrimary = others.some(({ isPrimary }) => isPrimary)
  const isFound = others.some((index) => !index.isPartial && isOn(byKey)(index))
  const keepsOne = others.some((index) => index.isOfCurrent && isOn(key)(index))
  return [
    ...blocking.map(({ name, constraint, columns: names }) => ({
      what: `its unique index ${name} on (${list(names)}) lets a row have one period only`,
      sql:
        constraint === null
          ? `drop index ${quoteTable({ ...table, name })}`
          : `alter table ${at} drop constraint ${quoteIdentifier(constraint)}`,
      order: 0,
    })),
    ...(isFound
      ? []
      : [
          {
            what: `it has no unique index on (${list(byKey)})`,
            sql: hasPrimary
              ? `create unique index on ${at} (${list(byKey)})`
              : `alter table ${at} add primary key (${list(byKey)})`,
            order: 2,
          },
        ]),
    ...(keepsOne
      ? []
      : [
          {
            what: `it has no unique index on (${list(key)}) where ${quoteIdentifier(current)}`,
            sql: `create unique index on ${at} (${list(key)}) where ${quoteIdentifier(current)}`,
            order: 3,
          },
        ]),
  ]
}

async function readIndexes(
  db: Db | Connection,
  { oid }: Candidate,
  into: ModeSpec,
): Promise<Index[]> {
  const { current } = periodColumnsOf(into)
  const { rows } = await db.query<Index>(
    `select c.relname as name, k.conname as constraint, i.indisprimary as "isPrimary",
            i.indpred is not null as "isPartial",
            i.indisvalid and i.indisready and i.indimmediate as "isChecked",
            coalesce(pg_get_expr(i.indpred, i.indrelid)
              in (quote_ident($2), format('(%I IS TRUE)', $2::text)), false) as "isOfCurrent",
            array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality part (no, at)
                  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = part.no
                  where at <= i.indnkeyatts) as columns
     from pg_index i
     join pg_class c on c.oid = i.indexrelid
     left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = i.indrelid
                               and k.contype in ('p', 'u')
     where i.indrelid = $1 and i.indisunique and i.indexprs is null
     order by c.relname`,
    [oid, current],
  )
  return rows
}
