/**
 * A table is filled beside the target, with all that hangs on the target, and takes its place: rows
 * are written before indexes are built, nothing is deleted row by row, and readers wait only while
 * names are exchanged.
 */
import { quoteIdentifier, quoteTable, showTable, type TableName } from '../../../domain/table.ts'
import { sluiceError } from '../../../errors.ts'
import type { Connection } from '../../db.ts'
import { literal } from '../../literal.ts'
import { copyName } from '../../names.ts'
import { isOfOwnStatement } from '../../sqlState.ts'
import { lockPatiently } from '../../target/patientLock.ts'
import { letGo } from '../../target/publish.ts'
import type { Filling } from '../mode.ts'
import { finishCopy, indexName, makeCopy, NotCopied, rightsText } from './copy.ts'
import { describe } from './describe.ts'
import {
  canBeCopied,
  type Numbered,
  type Parts,
  type Right,
  readParts,
  rightsSql,
} from './parts.ts'

/** Below this a delete and row by row inserts cost less than what an exchange of tables does to others. */
const bytesMin = 4 * 1024 * 1024

/** Whether the target can be replaced by a copy, and is worth it. */
export async function isCopied(
  tx: Connection,
  { target, landing }: Pick<Filling, 'target' | 'landing'>,
): Promise<boolean> {
  const { rows } = await tx.query(
    `select greatest(pg_table_size($1::regclass), pg_table_size($2::regclass)) >= $3
            and ${canBeCopied} as copied
     from pg_class c where c.oid = $1::regclass`,
    [quoteTable(target), quoteTable(landing), bytesMin],
  )
  return rows[0].copied
}

/**
 * @returns how many rows it has; null when the copy would not be the same, and nothing was done
 * @throws too_busy when the target is used, or changed, for long
 */
export async function replaceByCopy(tx: Connection, filling: Filling): Promise<number | null> {
  await tx.query('savepoint copy')
  try {
    const rows = await withWholeNames(tx, (asBefore) => copyAndExchange(tx, filling, asBefore))
    if (rows !== null) {
      await tx.query('release savepoint copy')
      return rows
    }
  } catch (error) {
    if (!(error instanceof NotCopied) && !isOfOwnStatement(error)) throw error
  }
  await tx.query('rollback to savepoint copy; release savepoint copy')
  return null
}

/**
 * Names in definitions have their schema then.
 * @param work gets what runs in the search path of before, as functions that people have made expect
 */
async function withWholeNames<T>(
  tx: Connection,
  work: (asBefore: <R>(run: () => Promise<R>) => Promise<R>) => Promise<T>,
): Promise<T> {
  const { rows } = await tx.query(
    `select current_setting('search_path') as path, current_setting('lock_timeout') as timeout`,
  )
  const { path, timeout } = rows[0]
  const setPath = (to: string) => tx.query(`select set_config('search_path', $1, true)`, [to])
  await setPath('pg_catalog')
  const done = await work(async (run) => {
    await setPath(path)
    const result = await run()
    await setPath('pg_catalog')
    return result
  })
  await setPath(path)
  await tx.query(`select set_config('lock_timeout', $1, true)`, [timeout])
  return done
}

async function copyAndExchange(
  tx: Connection,
  filling: Filling,
  asBefore: (run: () => Promise<number>) => Promise<number>,
): Promise<number | null> {
  const { target, landing, onWait } = filling
  const copy = copyName(landing)
  const before = await describe(tx, quoteTable(target))
  const parts = await readParts(tx, quoteTable(target))
  await run(tx, makeCopy(parts, quoteTable(copy)))
  const rows = await asBefore(() => fillCopy(tx, filling, { parts, copy }))
  await run(tx, [...finishCopy(parts, copy), `analyze ${quoteTable(copy)}`])
  await lockPatiently(tx, target, 'access exclusive', { only: true, onWait })
  // Rights are granted without a lock of the table.
  if ((await describe(tx, quoteTable(target))) !== before) {
    const problem = `${showTable(target)} was changed while its rows were replaced`
    throw sluiceError('too_busy', { problem })
  }
  await exchange(tx, { target, copy, parts })
  return (await describe(tx, quoteTable(target))) === before ? rows : null
}

/** Statements without an answer, in one round trip. */
const run = async (tx: Connection, statements: readonly string[]): Promise<void> => {
  if (statements.length > 0) await tx.query(statements.join(';\n'))
}

interface Copying {
  parts: Parts
  copy: TableName
}

/** Sequences go on numbering, whichever of the two tables they belong to. */
async function fillCopy(
  tx: Connection,
  { landing, columns }: Filling,
  { parts, copy }: Copying,
): Promise<number> {
  if (columns.length === 0) return 0
  const filled = new Set(columns.map(({ name }) => name))
  const drawn = parts.numbered.filter(({ identity, column }) => identity && !filled.has(column))
  const names = [...filled, ...drawn.map(({ column }) => column)].map(quoteIdentifier)
  const values = [
    ...[...filled].map(quoteIdentifier),
    ...drawn.map(({ sequence }) => `nextval(${regclass(sequence)})`),
  ]
  const { rowCount } = await tx.query(
    `insert into ${quoteTable(copy)} (${names.join(', ')}) overriding system value
     select ${values.join(', ')} from ${quoteTable(landing)}`,
  )
  return rowCount ?? 0
}

/** As SQL. */
const regclass = (name: string): string => `${literal(name)}::regclass`

/** The target is locked. What has its names goes first. */
async function exchange(
  tx: Connection,
  { target, copy, parts }: Copying & { target: TableName },
): Promise<void> {
  const table = quoteTable(copy)
  const own = parts.numbered.filter(({ identity }) => identity)
  const others = parts.numbered.filter(({ identity }) => !identity)
  const numbered: NewSequence[] = []
  for (const each of own) numbered.push(await newSequence(tx, each, copy))
  const has = await rightsOf(tx, table)
  await run(tx, [
    // Whoever has taken a number in a transaction under way keeps a sequence.
    'set local lock_timeout = 1000',
    ...numbered.map(
      ({ sequence, made }) =>
        `select setval(${regclass(quoteTable(made))}, last_value, is_called) from ${sequence}`,
    ),
    ...others.map(
      ({ sequence, column }) =>
        `alter sequence ${sequence} owned by ${table}.${quoteIdentifier(column)}`,
    ),
    ...rightsText(`table ${table}`, has, parts.rights),
  ])
  await letGo(tx, target)
  await run(tx, [
    `alter table ${table} rename to ${quoteIdentifier(target.name)}`,
    ...parts.indexes.map(
      ({ name }, no) =>
        `alter index ${quoteTable({ ...copy, name: indexName(copy, no) })} rename to ${quoteIdentifier(name)}`,
    ),
    ...parts.statistics.map(
      ({ name }, no) =>
        `alter statistics ${quoteTable({ ...copy, name: `${copy.name}_s${no}` })} rename to ${quoteIdentifier(name)}`,
    ),
    ...numbered.flatMap(({ made, name, sequence, comment, had, rights }) => [
      `alter sequence ${quoteTable(made)} rename to ${quoteIdentifier(name)}`,
      ...rightsText(`sequence ${sequence}`, had, rights),
      ...(comment === null ? [] : [`comment on sequence ${sequence} is ${literal(comment)}`]),
    ]),
  ])
}

interface NewSequence extends Numbered {
  /** What the copy has in its place. */
  made: TableName
  /** Rights that it was made with. */
  had: Right[]
}

async function newSequence(
  tx: Connection,
  numbered: Numbered,
  copy: TableName,
): Promise<NewSequence> {
  const { rows } = await tx.query<{ name: string; had: Right[] }>(
    `select s.relname as name, (${rightsSql('s', 's')}) as had
     from pg_class s where s.oid = pg_get_serial_sequence($1, $2)::regclass`,
    [quoteTable(copy), numbered.column],
  )
  const { name, had } = rows[0] as { name: string; had: Right[] }
  return { ...numbered, had, made: { ...copy, name } }
}

async function rightsOf(tx: Connection, table: string): Promise<Right[]> {
  const { rows } = await tx.query<{ had: Right[] }>(
    `select (${rightsSql('c', 'r')}) as had from pg_class c where c.oid = $1::regclass`,
    [table],
  )
  return rows[0]?.had ?? []
}
