/** Exactly once, whatever is killed: workers, PostgreSQL, Temporal. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type EmbeddedPostgres, startPostgres } from '../../src/dev/postgres.ts'
import { type EmbeddedTemporal, startTemporal } from '../../src/dev/temporal.ts'
import { build, type Harness, noticedSoon, until, type WorkerProcess } from '../harness.ts'
import { sumOf, writeRows } from '../rows.ts'

const rows = 1_000_000

/** Rows, receipts and counts all say the same. */
async function expectOnce(harness: Harness, ingestId: string, table: string): Promise<void> {
  const view = await harness.ended(ingestId, 150_000)
  expect(view).toMatchObject({
    state: 'completed',
    error: null,
    rowsRead: rows,
    rowsLoaded: rows,
    rowsRejected: 0,
  })
  const { rows: found } = await harness.db.query(
    `select count(*) as rows, count(distinct id) as ids, sum(id)::bigint as sum,
            count(*) filter (where note like '%' || chr(10) || 'line "two"') as notes,
            (select sum(rows_loaded)::bigint from sluice.units where ingest_id = $1) as receipts,
            (select count(*) from sluice.rejects where ingest_id = $1) as rejects,
            (select count(*) from pg_class where relname like 'sluice_landing%') as landings
     from ${table}`,
    [ingestId],
  )
  expect(found[0]).toEqual({
    rows,
    ids: rows,
    sum: sumOf(rows),
    notes: rows / 50,
    receipts: rows,
    rejects: 0,
    landings: 0,
  })
}

/** Waits until a process is in the middle of a COPY, and some units are loaded already. */
async function untilCopying(harness: Harness, ingestId: string, pid: number | null): Promise<void> {
  await until(
    async () => {
      const { rows: found } = await harness.db.query(
        `select from pg_stat_activity
         where application_name like $1 and state = 'active'
           and query like 'copy % (format binary)%'
           and exists (select from sluice.units where ingest_id = $2 and loaded_at is not null)`,
        [`sluice/%/load %/${pid ?? '%'}`, ingestId],
      )
      return found.length > 0
    },
    { what: 'a COPY' },
  )
}

describe('a worker', () => {
  test('killed in the middle of a COPY: the other one finishes', async ({ onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    const path = join(harness.folder, 'rows.csv')
    await writeRows(path, rows)
    const victim = await harness.startWorker()
    const other = await harness.startWorker()
    const ingestId = await harness.start(
      {
        source: { kind: 'directory', path },
        target: { table: 'once' },
      },
      noticedSoon,
    )
    await untilCopying(harness, ingestId, victim.pid)
    victim.kill('SIGKILL')
    await expectOnce(harness, ingestId, 'once')
    const { rows: workers } = await harness.db.query('select worker from sluice.units group by 1')
    expect(workers.map(({ worker }) => worker.split('@')[0])).toContain(String(other.pid))
  })
})

describe('a server', () => {
  let harness: Harness
  let home: string
  let postgres: EmbeddedPostgres
  let temporal: EmbeddedTemporal
  const undo: (() => Promise<void>)[] = []

  async function begin(): Promise<{ ingestId: string; worker: WorkerProcess; table: string }> {
    const worker = await harness.startWorker()
    const table = `once_${worker.pid}`
    const ingestId = await harness.start({
      source: { kind: 'directory', path: join(harness.folder, 'rows.csv') },
      target: { table },
    })
    await untilCopying(harness, ingestId, worker.pid)
    return { ingestId, worker, table }
  }

  test('is there, of our own', async () => {
    home = await mkdtemp(join(tmpdir(), 'sluice-kill-'))
    await chmod(home, 0o755)
    postgres = await startPostgres({ home: join(home, 'postgres') })
    temporal = await startTemporal({ home: join(home, 'temporal'), headless: true })
    harness = await build({
      databaseUrl: postgres.url,
      temporalAddress: temporal.address,
      onEnd: (tearDown) => undo.push(tearDown),
    })
    await writeRows(join(harness.folder, 'rows.csv'), rows)
  })

  test('PostgreSQL killed in the middle of a COPY, and started again', async () => {
    const { ingestId, worker, table } = await begin()
    await postgres.kill()
    postgres = await startPostgres({ home: join(home, 'postgres'), port: postgres.port })
    await expectOnce(harness, ingestId, table)
    worker.kill('SIGTERM')
    expect(await worker.exited).toEqual({ code: 0, signal: null })
  })

  test('Temporal killed in the middle of a COPY, and started again', async () => {
    const { ingestId, worker, table } = await begin()
    await temporal.kill()
    const port = Number(temporal.address.split(':').at(-1))
    temporal = await startTemporal({ home: join(home, 'temporal'), headless: true, port })
    await expectOnce(harness, ingestId, table)
    worker.kill('SIGTERM')
    expect(await worker.exited).toEqual({ code: 0, signal: null })
  })

  afterAll(async () => {
    for (const tearDown of undo) await tearDown()
    await temporal?.stop()
    await postgres?.stop()
    await rm(home, { recursive: true, force: true })
  })
})
