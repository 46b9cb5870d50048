/**
 * A new table that is divided: it gets a partition for each day, month, year or value that its rows
 * have, and one for all others, so that no later row is refused for want of a partition.
 */
import pg from 'pg'
import { type Partition, partitionsMax, showPartition, strategyOf } from '../../domain/partition.ts'
import { quoteIdentifier, quoteTable, showTable, type TableName } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import { type Connection, problemOf } from '../db.ts'
import { isOfStatement, isOfTakenName } from '../sqlState.ts'

const nameBytesMax = 63

export const partitionInvalid = (
  table: TableName,
  partition: Partition,
  problem: string,
  cause?: unknown,
) =>
  sluiceError(
    'partition_invalid',
    { table: showTable(table), by: showPartition(partition), problem },
    { cause },
  )

/**
 * The columns and defaults of another table, without its rows.
 * @throws partition_invalid
 */
export async function createPartitioned(
  tx: Connection,
  table: TableName,
  { like, partition, target }: { like: TableName; partition: Partition; target: TableName },
): Promise<void> {
  const by = `${strategyOf(partition)} (${quoteIdentifier(partition.column)})`
  try {
    await tx.query(
      `create table ${quoteTable(table)} (like ${quoteTable(like)} including defaults) partition by ${by}`,
    )
  } catch (error) {
    if (!isOfStatement(error) || isOfTakenName(error)) throw error
    throw partitionInvalid(target, partition, problemOf(error), error)
  }
  await mustHaveDays(tx, table, partition, target)
}

/** @throws partition_invalid for a column that has no days */
async function mustHaveDays(
  tx: Connection,
  table: TableName,
  partition: Partition,
  target: TableName,
): Promise<void> {
  if (strategyOf(partition) !== 'range') return
  const type = await typeOf(tx, table, partition.column)
  if (type in startOf) return
  const problem = `${partition.column} is ${type}, and only dates and timestamps have a ${partition.by}`
  throw partitionInvalid(target, partition, problem)
}

async function typeOf(tx: Connection, table: TableName, column: string): Promise<string> {
  const { rows } = await tx.query<{ type: string }>(
    `select format_type(atttypid, null) as type from pg_attribute
     where attrelid = $1::regclass and attname = $2`,
    [quoteTable(table), column],
  )
  return rows[0]?.type ?? 'unknown'
}

/** The first moment of the span that a value lies in. Days are those of UTC. */
const startOf: Record<string, (span: string, value: string) => string> = {
  date: (span, value) => `date_trunc(${span}, ${value}::timestamp)::date`,
  'timestamp without time zone': (span, value) => `date_trunc(${span}, ${value})`,
  'timestamp with time zone': (span, value) => `date_trunc(${span}, ${value}, 'UTC')`,
}

/** The moment behind the span that begins there: in UTC, so that summer time does not shift it. */
const endOf = (span: string, type: string, start: string): string =>
  type === 'timestamp with time zone'
    ? `((${start} at time zone 'UTC') + interval '1 ${span}') at time zone 'UTC'`
    : `(${start} + interval '1 ${span}')::${type}`

interface Piece {
  /** What its name ends with. */
  suffix: string
  /** As SQL has it, behind `for values` or in place of it. */
  bounds: string
}

/**
 * Makes the partitions that the rows of another table need.
 * @throws partition_invalid when there would be too many
 */
export async function addPartitions(
  tx: Connection,
  target: TableName,
  { rows, partition }: { rows: TableName; partition: Partition },
): Promise<void> {
  const pieces = await piecesOf(tx, target, { rows, partition })
  if (pieces.length > partitionsMax) {
    const problem = `its rows need more than ${partitionsMax} partitions`
    throw partitionInvalid(target, partition, problem)
  }
  const taken = new Set<string>()
  const all = strategyOf(partition) === 'hash' ? pieces : [...pieces, others]
  for (const { suffix, bounds } of all) {
    const name = nameFor(target.name, suffix, taken)
    const piece = quoteTable({ schema: target.schema, name })
    await tx.query(`create table ${piece} partition of ${quoteTable(target)} ${bounds}`)
  }
}

const others: Piece = { suffix: 'default', bounds: 'default' }

async function piecesOf(
  tx: Connection,
  target: TableName,
  { rows, partition }: { rows: TableName; partition: Partition },
): Promise<Piece[]> {
  if (partition.by === 'hash') {
    const { parts } = partition
    return Array.from({ length: parts }, (_, at) => ({
      suffix: `p${at}`,
      bounds: `for values with (modulus ${parts}, remainder ${at})`,
    }))
  }
  const value = quoteIdentifier(partition.column)
  const from = quoteTable(rows)
  const most = partitionsMax + 1
  if (partition.by === 'list') {
    const found = await tx.query<{ value: string }>(
      `select distinct ${value}::text as value from ${from}
       where ${value} is not null order by 1 limit ${most}`,
    )
    return found.rows.map((each) => ({
      suffix:
        each.value
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, '_')
          .slice(0, 30) || 'empty',
      bounds: `for values in (${pg.escapeLiteral(each.value)})`,
    }))
  }
  const { by } = partition
  const type = await typeOf(tx, target, partition.column)
  const start = startOf[type]?.(`'${by}'`, value)
  const found = await tx.query<{ first: string; next: string; name: string }>(
    `select start::text as first, (${endOf(by, type, 'start')})::text as next,
            to_char(${type === 'timestamp with time zone' ? "start at time zone 'UTC'" : 'start'}, $1) as name
     from (select distinct ${start} as start from ${from} where isfinite(${value})) s
     order by start limit ${most}`,
    [{ day: 'YYYY_MM_DD', month: 'YYYY_MM', year: 'YYYY' }[by]],
  )
  return found.rows.map(({ first, next, name }) => ({
    suffix: name,
    bounds: `for values from (${pg.escapeLiteral(first)}) to (${pg.escapeLiteral(next)})`,
  }))
}

/** Within what PostgreSQL takes, and none twice. */
function nameFor(table: string, suffix: string, taken: Set<string>): string {
  for (let count = 1; ; count++) {
    const end = count === 1 ? `_${suffix}` : `_${suffix}_${count}`
    let start = table
    while (Buffer.byteLength(start + end) > nameBytesMax) start = start.slice(0, -1)
    if (taken.has(start + end)) continue
    taken.add(start + end)
    return start + end
  }
}

/**
 * A table that is there keeps its own partitions: they must be by the same column.
 * @throws shape_contradicted
 */
export async function mustBePartitioned(
  tx: Connection,
  table: TableName,
  partition: Partition,
): Promise<void> {
  const { rows } = await tx.query<{ by: string; names: string[] }>(
    `select case partstrat when 'r' then 'range' when 'l' then 'list' else 'hash' end as by, array(
       select a.attname::text from unnest(partattrs) with ordinality k (attnum, no)
       join pg_attribute a on a.attrelid = partrelid and a.attnum = k.attnum order by k.no) as names
     from pg_partitioned_table where partrelid = $1::regclass`,
    [quoteTable(table)],
  )
  const is = rows[0]
  const by = strategyOf(partition)
  if (is?.by === by && is.names.length === 1 && is.names[0] === partition.column) return
  const own = is ? `it is by ${is.by} (${is.names.join(', ')})` : 'it has no partitions'
  const problem = `partitions are declared as ${showPartition(partition)}, and ${own}`
  throw sluiceError('shape_contradicted', { table: showTable(table), problem })
}
