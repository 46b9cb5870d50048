/**
 * The names of what Sluice makes in PostgreSQL beside its schema `sluice`: landing tables, sessions
 * and advisory locks. People meet them in psql, and one version finds by them what another has left.
 * A temporary table has its name where it is made: nobody else can see it.
 */
import { createHash } from 'node:crypto'
import { quoteTable, type TableName } from '../domain/table.ts'

/** Short, and safe in a name, for an id of any length. */
export const ingestHash = (ingestId: string): string =>
  createHash('sha256').update(ingestId).digest('hex').slice(0, 16)

/** The same of an expression in SQL. */
const hashIn = (ingestId: string): string =>
  `left(encode(sha256(convert_to(${ingestId}, 'UTF8')), 'hex'), 16)`

const hashPattern = '[0-9a-f]{16}'

// --- tables ---

const landingPrefix = 'sluice_landing_'

/** The landing table of an ingest lies in the schema of its target. */
export const landingName = (ingestId: string, target: TableName): TableName => ({
  schema: target.schema,
  name: `${landingPrefix}${ingestHash(ingestId)}`,
})

/** A table that is made to take the place of a target. Others never see it: it has another name at the commit. */
export const copyName = (landing: TableName): TableName => ({
  ...landing,
  name: landing.name.replace(landingPrefix, 'sluice_copy_'),
})

/** A table without rows, which a spec is tried on. It is gone at the commit. */
export const triedName = (landing: TableName): TableName => ({
  ...landing,
  name: `${landing.name}_tried`,
})

/** The name without the schema, of an expression in SQL that is an id. */
export const landingNameIn = (ingestId: string): string =>
  `'${landingPrefix}' || ${hashIn(ingestId)}`

/** A regular expression for the name of any landing table, without the schema. */
export const landingPattern = `^${landingPrefix}${hashPattern}$`

/**
 * The column of a landing table that numbers the rows. No column of a target has this name, for
 * the hash of the ingest is in it.
 */
export const rowColumn = (landing: TableName): string =>
  landing.name.replace(landingPrefix, 'sluice_row_')

/**
 * What an ingest keeps so that it can be taken back lies in the schema of the ledger: the keys of
 * the rows that it wrote, and rows as they were before.
 */
export const undoTables = (ingestId: string): { keys: TableName; before: TableName } => ({
  keys: { schema: 'sluice', name: `undo_keys_${ingestHash(ingestId)}` },
  before: { schema: 'sluice', name: `undo_before_${ingestHash(ingestId)}` },
})

/** What rows as they were before have their `xmin` in. No column of a target has this name either. */
export const xminColumn = (ingestId: string): string => `sluice_xmin_${ingestHash(ingestId)}`

// --- sessions ---

/** The beginning of the names of all sessions of an ingest. */
const ingestPrefix = (ingestId: string): string => `sluice/${ingestHash(ingestId)}/`

/** All sessions of an ingest, as a pattern of `like`. */
export const sessionsOf = (ingestId: string): string => `${ingestPrefix(ingestId)}%`

/** Those of one of its verbs, or of one of its units, in every process. */
export const sessionsOfWhat = (ingestId: string, what: string): string =>
  `${ingestPrefix(ingestId)}${what}/%`

/**
 * The `application_name` of a transaction of this process: at most 63 bytes, PostgreSQL cuts off
 * the rest.
 * @param what a verb, and the unit if there is one: `load 12`
 */
export const sessionName = (ingestId: string, what: string): string =>
  `${ingestPrefix(ingestId)}${what}/${process.pid}`

/** What the name of a session that loads a unit says, of an expression in SQL that is the name. */
export const loadSessionIn = (name: string) => ({
  isLoad: `${name} ~ '^sluice/${hashPattern}/load \\d+/\\d+$'`,
  ingestHash: `split_part(${name}, '/', 2)`,
  unitNo: `split_part(split_part(${name}, '/', 3), ' ', 2)::int`,
  pid: `split_part(${name}, '/', 4)::int`,
})

// --- advisory locks ---

/** The first of the two keys of the locks that are places in the budget of the target: "SLUI". */
export const budgetLock = 0x53_4c_55_49

/** Hashed by `hashtext`: held by the one who migrates the ledger. */
export const migrateLock = 'sluice.migrate'

/** Hashed by `hashtextextended`: held by the one who publishes to the table. */
export const targetLock = (table: TableName): string => `sluice.target:${quoteTable(table)}`
