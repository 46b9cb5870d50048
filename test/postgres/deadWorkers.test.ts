/** Who is dead, as one look at the ledger and the sessions tells. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { openDb } from '../../src/postgres/db.ts'
import {
  claimDead,
  findSilent,
  type SilentWorker,
  type Watch,
} from '../../src/postgres/ledger/deadWorkers.ts'
import { build } from '../harness.ts'

/** A worker that spoke four seconds ago last, and whose session is this one. */
async function enterSilent(session: pg.PoolClient): Promise<string> {
  const instance = randomUUID()
  await session.query(
    `insert into sluice.workers (instance, worker, host, pid, version, state, queues, tasks,
       totals, rss_bytes, cpu, seen_at, backend_pid, backend_start)
     select $1, 'w', 'h', 1, '0', 'running', '[]', '[]', '{}', 1, 0, now() - interval '4 s',
            pid, backend_start
     from pg_stat_activity where pid = pg_backend_pid()`,
    [instance],
  )
  return instance
}

test('who may not see when a session began takes nobody for killed; two that find one act once', async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  const role = `r_${harness.queue}`
  await harness.db.query(
    `create role ${role} login password 'x'; grant usage on schema sluice to ${role};
     grant select on sluice.workers to ${role}`,
  )
  const url = Object.assign(new URL(harness.databaseUrl), { username: role, password: 'x' }).href
  const stranger = openDb(url, { max: 1, name: 'stranger' })
  const session = await harness.db.connect()
  const [one, two, its] = [
    await harness.db.connect(),
    await harness.db.connect(),
    await stranger.connect(),
  ]
  try {
    const instance = await enterSilent(session)
    const { rows } = await one.query(
      `select (now() - interval '10 s')::text as since, now()::text as last, false as "isFirst"`,
    )
    const look = async (connection: pg.PoolClient, watch: Watch | 'first' | null = rows[0]) =>
      (await findSilent(connection, randomUUID(), watch)).silent[0]
    expect(await look(one)).toMatchObject({ instance, cause: 'silent' })
    // Its process id is another one's by now, for all that they can see.
    await session.query(`update sluice.workers set backend_start = '2000-01-01'`)
    const hidden = (await look(its)) as SilentWorker
    expect(hidden).toMatchObject({ instance, cause: 'silent' })
    expect(hidden.waitMs).toBeGreaterThan(0)
    const dead = (await look(one)) as SilentWorker
    expect(dead).toMatchObject({ instance, cause: 'killed' })
    expect(dead.waitMs).toBeLessThanOrEqual(0)
    const begun = { since: rows[0].last, last: rows[0].last, isFirst: true }
    // A process that has just started waits a moment for one that spoke to this very server.
    for (const watch of ['first', begun] as const) {
      const found = await look(one, watch)
      expect(found?.waitMs).toBeGreaterThan(0)
      expect(found?.waitMs).toBeLessThanOrEqual(1000)
    }
    const opened = 'pg_postmaster_start_time()'
    await session.query(`update sluice.workers set seen_at = ${opened} - interval '1 s'`)
    expect((await look(one, begun))?.waitMs).toBeGreaterThan(2000)
    await session.query('update sluice.workers set seen_at = $1', [dead.seenAt])
    // Who has only begun to look waits, and so does one that has slept.
    for (const watch of [null, { ...rows[0], last: rows[0].since }]) {
      expect((await look(one, watch))?.waitMs).toBeGreaterThan(2000)
    }
    const claims = await Promise.all([claimDead(one, dead, 'one'), claimDead(two, dead, 'two')])
    expect(claims.filter(Boolean)).toMatchObject([{ instance }])
    expect(await look(one)).toBeUndefined()
  } finally {
    for (const connection of [session, one, two, its]) connection.release()
    await stranger.end()
    await harness.db.query(`drop owned by ${role}; drop role ${role}`)
  }
})
