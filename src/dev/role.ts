/**
 * The role that Sluice logs in with: it owns its database, and nothing else of the server.
 *
 * Everyone who can start an ingest writes with its rights, so it is no superuser. Every start
 * makes it if it is missing, and gives it what a superuser owned in an older version's database.
 */
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client, escapeLiteral } from 'pg'

// Not `sluice`: a role of that name would find the ledger's schema first on its search path.
export const role = 'sluice_user'

/** The password of the role, the same at every start. */
export async function rolePassword(dir: string): Promise<string> {
  const file = join(dir, 'user-password')
  const saved = await readFile(file, 'utf8').catch(() => '')
  if (saved) return saved
  const password = randomBytes(16).toString('hex')
  await writeFile(file, password, { mode: 0o600 })
  return password
}

/** @param urlOf a URL of a superuser, for each database */
export async function prepareRole(
  urlOf: (database: string) => string,
  { database, password }: { database: string; password: string },
): Promise<void> {
  await asSuperuser(urlOf('postgres'), async (client) => {
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role])
    if (rowCount === 0) await client.query(`create role ${role}`)
    await client.query(`alter role ${role} login createdb password ${escapeLiteral(password)};
      grant set on parameter lc_messages to ${role}`)
    const known = await client.query('select from pg_database where datname = $1', [database])
    if (known.rowCount === 0) await client.query(`create database ${database} owner ${role}`)
  })
  await asSuperuser(urlOf(database), async (client) => {
    const { rowCount } = await client.query(
      'select from pg_database where datname = current_database() and datdba = $1::regrole',
      [role],
    )
    if (rowCount === 0) await takeOver(client, database)
  })
}

async function asSuperuser(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

/** All or nothing: a start that is killed here is one that has not begun. */
async function takeOver(client: Client, database: string): Promise<void> {
  await client.query('begin')
  const { rows } = await client.query<{ object: string }>(ownedSql)
  for (const { object } of rows) await client.query(`alter ${object} owner to ${role}`)
  await client.query(`alter database ${database} owner to ${role}`)
  await client.query('commit')
}

const isOurs = (owner: string, oid: string): string => `${owner} = current_user::regrole
  and ${oid} >= 16384
  and not exists (select from pg_depend where objid = ${oid} and deptype = 'e')`

/** Everything of the superuser in this database, but what came with the server or an extension. */
const ownedSql = `
  select format('schema %I', nspname) as object
  from pg_namespace n where ${isOurs('nspowner', 'n.oid')} and nspname !~ '^pg_'
  union all
  select case relkind when 'S' then 'sequence ' when 'v' then 'view ' when 'c' then 'type '
           when 'm' then 'materialized view ' when 'f' then 'foreign table ' else 'table ' end
         || format('%I.%I', n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where ${isOurs('relowner', 'c.oid')} and n.nspname !~ '^pg_'
    and relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
    and not (relkind = 'S' and exists (
      select from pg_depend where objid = c.oid and classid = 'pg_class'::regclass
        and refobjsubid > 0 and deptype in ('a', 'i')))
  union all
  select case typtype when 'd' then 'domain ' else 'type ' end || format('%I.%I', n.nspname, t.typname)
  from pg_type t join pg_namespace n on n.oid = t.typnamespace
  where ${isOurs('typowner', 't.oid')} and typtype in ('d', 'e', 'r')
  union all
  select 'routine ' || p.oid::regprocedure from pg_proc p where ${isOurs('proowner', 'p.oid')}`
