/** The primary key, the indexes and the partitions that a spec wants of a new table. */

import type { Column } from '../../domain/columns.ts'
import { findColumns } from '../../domain/names.ts'
import { type Partition, parsePartition } from '../../domain/partition.ts'
import {
  parseTableName,
  quoteIdentifier,
  quoteTable,
  showTable,
  type TableName,
} from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import type { FullTarget } from '../../spec/target.ts'
import { type Connection, problemOf } from '../db.ts'
import { triedName } from '../names.ts'
import { isOfStatement } from '../sqlState.ts'
import { createPartitioned, mustBePartitioned, partitionInvalid } from './partitions.ts'

/** By the names of columns. */
export interface Keys {
  primaryKey: string[]
  indexes: string[][]
  partition: Partition | null
}

type Wanted = Pick<FullTarget, 'table' | 'primaryKey' | 'indexes' | 'partitionBy'>

/**
 * @param columns those that the table has
 * @returns null when the spec wants none
 * @throws key_invalid, partition_invalid
 */
export function keysOf(
  { table, primaryKey = [], indexes = [], partitionBy }: Wanted,
  columns: readonly Pick<Column, 'name'>[],
): Keys | null {
  const partition = partitionOf(partitionBy)
  if (primaryKey.length === 0 && indexes.length === 0 && !partition) return null
  const names = columns.map(({ name }) => name)
  const named = (wanted: readonly string[], refuse: (problem: string) => Error) => {
    const found = findColumns(wanted, names)
    const missing = wanted.find((_, at) => found[at] === '')
    if (missing === undefined) return found
    throw refuse(`it has no column ${missing}`)
  }
  const on = parseTableName(table)
  const ofKey = (wanted: readonly string[]) => named(wanted, (problem) => keyInvalid(on, problem))
  const ofPartition = (by: Partition) =>
    named([by.column], (problem) => partitionInvalid(on, by, problem))
  return {
    primaryKey: ofKey(primaryKey),
    indexes: indexes.map(ofKey),
    partition: partition && { ...partition, column: ofPartition(partition)[0] as string },
  }
}

/** As it was checked with the spec. */
function partitionOf(text: string | undefined): Partition | null {
  const partition = text === undefined ? null : parsePartition(text)
  return typeof partition === 'string' ? null : partition
}

/** The same where more columns may come: null as long as one is missing. */
export function keysSoFar(wanted: Wanted, columns: readonly Pick<Column, 'name'>[]): Keys | null {
  const by = partitionOf(wanted.partitionBy)
  const all = [
    ...(wanted.primaryKey ?? []),
    ...(wanted.indexes ?? []).flat(),
    ...(by ? [by.column] : []),
  ]
  const names = columns.map(({ name }) => name)
  const isThere = all.every((name) => findColumns([name], names)[0] !== '')
  return isThere ? keysOf(wanted, columns) : null
}

const keyInvalid = (table: TableName, problem: string, cause?: unknown) =>
  sluiceError('key_invalid', { table: showTable(table), problem }, { cause })

/** @param also columns that must not be NULL besides those of the key */
export async function addKeys(
  tx: Connection,
  table: TableName,
  { primaryKey, indexes }: Omit<Keys, 'partition'>,
  also: readonly string[] = [],
): Promise<void> {
  const at = quoteTable(table)
  const list = (names: readonly string[]) => names.map(quoteIdentifier).join(', ')
  const alter = [
    ...also.map((name) => `alter column ${quoteIdentifier(name)} set not null`),
    ...(primaryKey.length > 0 ? [`add primary key (${list(primaryKey)})`] : []),
  ]
  if (alter.length > 0) await tx.query(`alter table ${at} ${alter.join(', ')}`)
  for (const names of indexes) await tx.query(`create index on ${at} (${list(names)})`)
}

/**
 * Tries them on a table that is still empty.
 * @throws key_invalid, partition_invalid
 */
export async function tryKeys(
  tx: Connection,
  { empty, table }: { empty: TableName; table: TableName },
  keys: Keys,
): Promise<void> {
  const { partition } = keys
  const on = partition ? triedName(empty) : empty
  await tx.query('savepoint keys')
  try {
    if (partition) await createPartitioned(tx, on, { like: empty, partition, target: table })
    await addKeys(tx, on, keys)
  } catch (error) {
    if (!isOfStatement(error)) throw error
    throw keyInvalid(table, problemOf(error), error)
  } finally {
    await tx.query('rollback to savepoint keys; release savepoint keys')
  }
}

/**
 * A table that is there keeps its own keys and indexes: they must be those that the spec wants.
 * @throws shape_contradicted, key_invalid
 */
export async function mustHaveKeys(
  tx: Connection,
  wanted: Wanted,
  columns: readonly Pick<Column, 'name'>[],
): Promise<void> {
  const keys = keysOf(wanted, columns)
  if (keys === null) return
  const table = parseTableName(wanted.table)
  if (keys.partition) await mustBePartitioned(tx, table, keys.partition)
  const { rows } = await tx.query<{ names: string[]; unique: boolean; expressions: boolean }>(
    `select i.indisunique and i.indpred is null as unique, array(
       select a.attname::text from unnest(i.indkey) with ordinality k (attnum, no)
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
       where k.no <= i.indnkeyatts order by k.no) as names
     from pg_index i where i.indrelid = $1::regclass and i.indisvalid and i.indexprs is null`,
    [quoteTable(table)],
  )
  const text = (names: readonly string[]) => JSON.stringify(names)
  const sorted = (names: readonly string[]) => text([...names].sort())
  const shown = (names: readonly string[]) => names.map(quoteIdentifier).join(', ')
  const refuse = (what: string, mend: string) => {
    const problem = `${what}. To make it: \`${mend}\``
    return sluiceError('shape_contradicted', { table: showTable(table), problem })
  }
  const { primaryKey, indexes } = keys
  const hasKey = rows.some((each) => each.unique && sorted(each.names) === sorted(primaryKey))
  if (primaryKey.length > 0 && !hasKey) {
    const names = shown(primaryKey)
    throw refuse(
      `a key (${names}) is declared, and it has none`,
      `alter table ${quoteTable(table)} add primary key (${names})`,
    )
  }
  for (const index of indexes) {
    const starts = rows.some(({ names }) => text(names.slice(0, index.length)) === text(index))
    const names = shown(index)
    if (starts) continue
    throw refuse(
      `an index on (${names}) is declared, and it has none`,
      `create index on ${quoteTable(table)} (${names})`,
    )
  }
}
