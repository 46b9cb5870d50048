/** The ledger's schema: applied once, and asked for without a lock from then on. */
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { expect, inject, onTestFinished, test } from 'vitest'
import { databaseUrl } from '../../src/dev/postgres.ts'
import { openDb } from '../../src/postgres/db.ts'
import { migrate } from '../../src/postgres/migrate.ts'
import { migrateLock } from '../../src/postgres/names.ts'

const files = await readdir(new URL('../../src/postgres/sql', import.meta.url))
const names = files.map((file) => file.replace('.sql', '')).sort()

async function emptyDatabase() {
  const name = `t_${randomBytes(6).toString('hex')}`
  const admin = openDb(inject('databaseUrl'), { max: 1, name: 'test admin' })
  await admin.query(`create database ${name}`)
  const db = openDb(databaseUrl(inject('databaseUrl'), name), { max: 8, name: 'test' })
  onTestFinished(async () => {
    await db.end()
    await admin.query(`drop database ${name} with (force)`)
    await admin.end()
  })
  return db
}

test('of several processes that start at once, one applies everything', async () => {
  const db = await emptyDatabase()
  const applied = await Promise.all([migrate(db), migrate(db), migrate(db)])
  expect(applied.flat().sort()).toEqual(names)
})

test('a ledger that is up to date waits for nobody', async () => {
  const db = await emptyDatabase()
  expect(await migrate(db)).toEqual(names)
  const other = await db.connect()
  try {
    await other.query('select pg_advisory_lock(hashtext($1))', [migrateLock])
    expect(await migrate(db)).toEqual([])
  } finally {
    other.release(true)
  }
})
