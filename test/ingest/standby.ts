/** A streaming standby of an embedded PostgreSQL, which can take over. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { findLocation, giveTo } from '../../src/dev/location.ts'
import { freePort } from '../../src/dev/port.ts'
import type { EmbeddedPostgres } from '../../src/dev/postgres.ts'
import { run, startChild } from '../../src/dev/process.ts'
import { until } from '../harness.ts'

export interface Standby {
  /** The same database and superuser as those of the primary. */
  url: string
  /** Ends its recovery: from here on it is the server. */
  promote(): Promise<void>
  stop(): Promise<void>
}

/** Starts one; when it returns, the primary commits nothing that the standby does not have. */
export async function startStandby(primary: EmbeddedPostgres, home: string): Promise<Standby> {
  const { native, dir, user } = await findLocation(home)
  const dataDir = join(dir, 'data')
  await asSuperuser(primary.adminUrl, async (client) => {
    await client.query(`select pg_backup_start('standby', true)`)
    const copied = await run('cp', ['-a', primary.dataDir, dataDir])
    if (copied.code !== 0) throw new Error(copied.output)
    const { rows } = await client.query('select labelfile from pg_backup_stop()')
    for (const [name, text] of [
      ['backup_label', rows[0].labelfile],
      ['standby.signal', ''],
    ]) {
      await writeFile(join(dataDir, name), text)
      await giveTo(user, join(dataDir, name))
    }
  })
  for (const name of ['postmaster.pid', 'postmaster.opts']) await rm(join(dataDir, name))
  const port = await freePort(primary.port + 1)
  const { username, password } = new URL(primary.adminUrl)
  const settings = {
    port: String(port),
    primary_conninfo: `host=127.0.0.1 port=${primary.port} user=${username} password=${password}`,
    max_connections: '200',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    lc_messages: 'C',
    timezone: 'UTC',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = await startChild(join(native, 'bin/postgres'), ['-D', dataDir, ...flags], {
    log: join(dir, 'postgres.log'),
    user,
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' },
    cwd: '/',
  })
  const url = Object.assign(new URL(primary.adminUrl), { port: String(port) }).href
  const stop = async () => void (await child.stop('SIGINT', 30_000))
  const isStreaming = () =>
    asSuperuser(primary.adminUrl, async (client) => {
      if (!child.isRunning()) throw new Error(`the standby ended: ${await child.printed()}`)
      const { rowCount } = await client.query(
        `select from pg_stat_replication where state = 'streaming'`,
      )
      return rowCount === 1
    })
  try {
    await until(isStreaming, { what: 'the standby' })
    await asSuperuser(primary.adminUrl, async (client) => {
      await client.query(`alter system set synchronous_standby_names = '*'`)
      await client.query('select pg_reload_conf()')
    })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url,
    promote: () =>
      asSuperuser(url, async (client) => void (await client.query('select pg_promote()'))),
    stop,
  }
}

async function asSuperuser<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
