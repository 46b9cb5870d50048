/** `sslmode` of DATABASE_URL, against a PostgreSQL that speaks TLS. */
import { chown, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { openDb } from '../../src/postgres/db.ts'
import { createAuthority } from '../certificates.ts'
import { build, until } from '../harness.ts'

const harness = await build()
const admin = openDb(inject('databaseUrl'), { max: 1, name: 'test admin' })
let ca: string

/** The server of all tests takes TLS from here on; nobody has to use it. */
beforeAll(async () => {
  const authority = await createAuthority()
  ca = await harness.file('ca.crt', authority.cert)
  const { rows } = await admin.query('show data_directory')
  const folder = rows[0].data_directory as string
  const { uid, gid } = await stat(folder)
  const { cert, key } = await authority.sign('postgres', ['localhost'])
  for (const [setting, text] of Object.entries({ ssl_cert_file: cert, ssl_key_file: key })) {
    const path = join(folder, setting)
    await writeFile(path, text, { mode: 0o600 })
    await chown(path, uid, gid)
    await admin.query(`alter system set ${setting} = '${path}'`)
  }
  await admin.query('alter system set ssl = on')
  await admin.query('select pg_reload_conf()')
  await until(async () => (await admin.query('show ssl')).rows[0].ssl === 'on', { what: 'ssl' })
})

afterAll(async () => {
  for (const setting of ['ssl', 'ssl_cert_file', 'ssl_key_file']) {
    await admin.query(`alter system reset ${setting}`)
  }
  await admin.query('select pg_reload_conf()')
  await admin.end()
})

function urlWith(parameters: Record<string, string>, host = 'localhost'): string {
  const url = new URL(harness.databaseUrl)
  url.hostname = host
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

async function isEncrypted(databaseUrl: string): Promise<boolean> {
  const db = openDb(databaseUrl, { max: 1, name: 'test' })
  try {
    const { rows } = await db.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()')
    return rows[0].ssl
  } finally {
    await db.end()
  }
}

test.each([
  ['nothing asked for', {}, false],
  ['disable', { sslmode: 'disable' }, false],
  ['require, which does not ask who answers', { sslmode: 'require' }, true],
  ['verify-full with the authority', () => ({ sslmode: 'verify-full', sslrootcert: ca }), true],
  ['verify-ca with the authority', () => ({ sslmode: 'verify-ca', sslrootcert: ca }), true],
])('%s', async (_, parameters, expected) => {
  const given = typeof parameters === 'function' ? parameters() : parameters
  expect(await isEncrypted(urlWith(given))).toBe(expected)
})

test('verify-full refuses a server of an unknown authority, and one of another name', async () => {
  await expect(isEncrypted(urlWith({ sslmode: 'verify-full' }))).rejects.toThrow(/certificate/)
  const elsewhere = urlWith({ sslmode: 'verify-full', sslrootcert: ca }, '127.0.0.2')
  await expect(isEncrypted(elsewhere)).rejects.toThrow(/127\.0\.0\.2|altnames/)
})

test('a worker loads over TLS', async () => {
  const url = urlWith({ sslmode: 'verify-full', sslrootcert: ca })
  const worker = await harness.startWorker({ env: { DATABASE_URL: url } })
  const rows = Array.from({ length: 20_000 }, (_, row) => `${row},"name ${row}"\n`)
  const path = await harness.file('rows.csv', `id,name\n${rows.join('')}x,"broken\n`)
  const { rows: sessions } = await harness.db.query(
    `select bool_and(ssl) as encrypted, count(*) as sessions
     from pg_stat_ssl join pg_stat_activity using (pid)
     where datname = current_database() and application_name like 'sluice worker%'`,
  )
  expect(sessions[0].sessions).toBeGreaterThan(0)
  expect(sessions[0].encrypted).toBe(true)
  const ended = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'over_tls' },
  })
  expect(ended).toMatchObject({ state: 'completed', rowsLoaded: 20_000, rowsRejected: 1 })
  expect(worker.output()).not.toContain('SECURITY WARNING')
})
