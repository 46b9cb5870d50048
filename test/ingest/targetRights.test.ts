/** Rights on the target that go between plan and publish: it is told, and nothing is written. */
import { randomBytes } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { openDb } from '../../src/postgres/db.ts'
import { build } from '../harness.ts'
import { planner } from './planned.ts'

const harness = await build()
const role = `r_${randomBytes(6).toString('hex')}`
await harness.db.query(`create role ${role} login password 'r';
  grant usage on schema sluice to ${role};
  grant all on all tables in schema sluice to ${role};
  grant usage on all sequences in schema sluice to ${role};
  grant usage, create on schema public to ${role}`)
const url = new URL(harness.databaseUrl)
url.username = role
url.password = 'r'
const db = openDb(url.href, { max: 3, name: 'limited' })
const planned = planner(harness, { db })

afterAll(async () => {
  await db.end()
  await harness.db.query(`reassign owned by ${role} to current_user; drop owned by ${role};
    drop role ${role}`)
})

let count = 0

/** A table of the role with a row in it. */
async function makeTable(): Promise<string> {
  const table = `owned_${++count}`
  await harness.db.query(`create table ${table} (a int, b text); insert into ${table} values (9, 'old');
    alter table ${table} owner to ${role}`)
  return table
}

const losses: [string, string, RegExp][] = [
  ['insert', `revoke insert on T from ${role}`, /may not insert into it/],
  ['everything', `revoke all on T from ${role}`, /may not insert into it/],
  [
    'ownership and insert',
    `alter table T owner to current_user; grant select on T to ${role}`,
    /may not insert into it/,
  ],
]

test.each(losses)('append without %s', async (_, sql, words) => {
  const table = await makeTable()
  const { load, publish } = await planned('a,b\n1,x\n', { table })
  await load()
  await harness.db.query(sql.replaceAll('T', table))
  await expect(publish()).rejects.toMatchObject({ type: 'target_changed', nonRetryable: true })
  await expect(publish()).rejects.toThrow(words)
  expect((await harness.db.query(`select * from ${table}`)).rows).toEqual([{ a: 9, b: 'old' }])
})

test('replace by a role that has every right but owns the table no more', async () => {
  const table = await makeTable()
  const { load, publish } = await planned('a,b\n1,x\n', { table, mode: 'replace' })
  await load()
  await harness.db.query(
    `alter table ${table} owner to current_user; grant all on ${table} to ${role}`,
  )
  await expect(publish()).rejects.toMatchObject({ type: 'target_changed', nonRetryable: true })
  await expect(publish()).rejects.toThrow(/does not own it, and the mode is replace/)
  expect((await harness.db.query(`select * from ${table}`)).rows).toEqual([{ a: 9, b: 'old' }])
})

test.each(losses)('straight into the target without %s', async (_, sql, words) => {
  const table = await makeTable()
  const { load } = await planned('a,b\n1,x\n', { table, atomic: false })
  await harness.db.query(sql.replaceAll('T', table))
  await expect(load()).rejects.toMatchObject({ type: 'target_changed', nonRetryable: true })
  await expect(load()).rejects.toThrow(words)
  expect((await harness.db.query(`select * from ${table}`)).rows).toEqual([{ a: 9, b: 'old' }])
})

test('another owner who leaves the right to insert is no change', async () => {
  const table = await makeTable()
  const { load, publish } = await planned('a,b\n1,x\n', { table })
  await load()
  await harness.db.query(`alter table ${table} owner to current_user;
    grant insert, select on ${table} to ${role}`)
  expect(await publish()).toMatchObject({ rowsLoaded: 1 })
})
