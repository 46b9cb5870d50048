/** A standby takes over in the middle of an append whose landing table has no log. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openProxy } from '../../chaos/proxy.ts'
import { startPostgres } from '../../src/dev/postgres.ts'
import { listWorkers } from '../../src/postgres/ledger/workers.ts'
import { build, until } from '../harness.ts'
import { untilReported } from '../worker/hold.ts'
import { obstacle } from './obstacle.ts'
import { startStandby } from './standby.ts'
import { ingestOver, once, outcome, persistence, writeRows } from './unloggedIngest.ts'

const table = 'target'

test.for<[string, string]>([
  [
    'in a load',
    obstacle('sluice.units', 'update', 'new.unit_no = 2 and new.loaded_at is not null'),
  ],
  ['in the publish', obstacle(table, 'insert', 'new.n = 9000')],
])(
  'a standby takes over %s: every row is there once, and nobody is dead',
  async ([, over], { onTestFinished }) => {
    const home = await mkdtemp(join(tmpdir(), 'sluice-failover-'))
    await chmod(home, 0o755)
    onTestFinished(() => rm(home, { recursive: true, force: true }))
    const primary = await startPostgres({ home: join(home, 'primary') })
    onTestFinished(() => primary.kill())
    const standby = await startStandby(primary, join(home, 'standby'))
    onTestFinished(standby.stop)
    const proxy = await openProxy(primary.adminUrl)
    onTestFinished(() => proxy.close())
    const harness = await build({
      databaseUrl: proxy.url(primary.adminUrl),
      onEnd: onTestFinished,
    })
    await writeRows(harness)
    const workers = await Promise.all(
      ['one', 'two'].map((name) => harness.startWorker({ args: ['--name', name] })),
    )
    const ingestId = await ingestOver(harness, table, { over, onEnd: onTestFinished })
    expect(await persistence(harness, 'sluice_landing%')).toBe('u')
    const receipts = async () => {
      const { rowCount } = await harness.db.query(
        'select from sluice.units where loaded_at is not null',
      )
      return rowCount ?? 0
    }
    await until(async () => (await receipts()) > 0, { what: 'the first receipt' })

    proxy.cut()
    await primary.kill()
    await standby.promote()
    proxy.lead(standby.url)
    proxy.mend()

    expect(await outcome(harness, ingestId, table)).toEqual({
      ...once,
      notes: ['units_loaded_again'],
    })
    expect(await persistence(harness, table)).toBe('p')
    await untilReported(harness)
    const found = await listWorkers(harness.db)
    expect(found.map(({ worker, state, death }) => ({ worker, state, death }))).toEqual([
      { worker: 'one', state: 'running', death: null },
      { worker: 'two', state: 'running', death: null },
    ])
    for (const worker of workers) expect(worker.output()).not.toMatch(/died|dead/)
  },
)
