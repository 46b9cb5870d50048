/**
 * The two that Sluice is compared with: one `psql \copy`, and two at once, which is the limit of
 * what the server takes on two cores.
 *
 * Without psql a COPY of our own over one connection stands in, and its label says so.
 */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { run } from '../src/dev/process.ts'
import { type Db, openDb } from '../src/postgres/db.ts'
import type { Arena, Contender, Turn } from './contender.ts'
import { makeTable } from './tables.ts'

/** Puts one file into the table, in one transaction. */
type Copy = (table: string, path: string, header: boolean) => Promise<void>

interface Copier {
  label: string
  copy: Copy
}

const parallel = 2

export const noPsql =
  'psql is not on the PATH, so `psql \\copy` is skipped; a COPY from Node stands in for it. ' +
  'To get psql: apt install postgresql-client, or brew install libpq.'

/** The version of the psql on the PATH, if there is one. */
export async function findPsql(): Promise<string | null> {
  const { code, output } = await run('psql', ['--version'])
  return code === 0 ? (/\d+(\.\d+)*/.exec(output)?.[0] ?? output.trim()) : null
}

export function onePsql(arena: Arena, version: string | null): Contender {
  const { label, copy } = copier(arena, version)
  return {
    name: 'psql',
    label: `${label}, one connection`,
    prepare: (table) => fresh(arena.stack.db, table, () => copy(table, arena.rows.path, true)),
  }
}

export function slicedPsql(arena: Arena, version: string | null): Contender {
  const { label, copy } = copier(arena, version)
  const { slices } = arena.rows
  const load = async (table: string) => {
    const left = [...slices]
    const lane = async () => {
      for (let path = left.shift(); path; path = left.shift()) await copy(table, path, false)
    }
    await Promise.all(Array.from({ length: parallel }, lane))
  }
  return {
    name: 'slices',
    label: `${label}, ${slices.length} slices, ${parallel} at once (the limit)`,
    prepare: (table) => fresh(arena.stack.db, table, () => load(table)),
  }
}

async function fresh(db: Db, table: string, load: () => Promise<void>): Promise<Turn> {
  await makeTable(db, table)
  return { workerPid: null, load, after: async () => ({ peakRssBytes: null, told: null }) }
}

const copier = ({ stack }: Arena, version: string | null): Copier =>
  version === null
    ? { label: 'COPY from Node (no psql here)', copy: ownCopy(stack.databaseUrl) }
    : { label: 'psql \\copy', copy: psqlCopy(stack.databaseUrl) }

/** What psql must be told of the server. */
export function psqlEnv(databaseUrl: string): NodeJS.ProcessEnv {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl)
  return {
    PATH: process.env.PATH,
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: pathname.slice(1),
    PGCLIENTENCODING: 'UTF8',
  }
}

export const copyCommand = (table: string, path: string, header: boolean): string =>
  `\\copy ${table} from '${path.replaceAll("'", "''")}' with (format csv, header ${header})`

function psqlCopy(databaseUrl: string): Copy {
  const env = psqlEnv(databaseUrl)
  return async (table, path, header) => {
    const copy = copyCommand(table, path, header)
    const { code, output } = await run('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', copy], {
      env,
    })
    if (code !== 0) throw new Error(`psql failed: ${output.slice(-1000)}`)
  }
}

function ownCopy(databaseUrl: string): Copy {
  return async (table, path, header) => {
    const db = openDb(databaseUrl, { max: 1, name: 'bench copy' })
    const connection = await db.connect()
    try {
      const copy = copyFrom(`copy ${table} from stdin with (format csv, header ${header})`)
      await pipeline(createReadStream(path, { highWaterMark: 1 << 18 }), connection.query(copy))
    } finally {
      connection.release()
      await db.end()
    }
  }
}
