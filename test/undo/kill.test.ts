/** Workers are killed while they take an ingest back: its rows go once, and the ledger says so. */
import { expect, test } from 'vitest'
import { type Undone, undoWorkflowId } from '../../src/domain/undo.ts'
import { readIngest } from '../../src/postgres/ledger/ingests.ts'
import { startUndo } from '../../src/temporal/undos.ts'
import { build, noticedSoon, until, type WorkerProcess } from '../harness.ts'
import { recordHistory } from '../replay/record.ts'
import { retryAll } from '../retry.ts'

const harness = await build({ spec: { rejects: { max: '100%' } } })
const { db } = harness

/** The tables that an undo comes to, in their order, and locks that hold it up there. */
const points = {
  'sluice.ingests': 'access exclusive',
  'public.trips': 'share',
  'sluice.undone': 'share',
  'sluice.undos': 'share',
} as const

/** The worker that is alive. */
let at: WorkerProcess

test('SIGKILL at each point, with rows that a retry had loaded', async () => {
  at = await harness.startWorker()
  await db.query('create table trips (id int primary key, n int); insert into trips values (1, 1)')
  const path = await harness.file('trips.csv', 'id,n\n2,2\n3,3\n4,four\n1,5\n6,6\n')
  const spec = {
    id: `${harness.queue}-trips`,
    source: { kind: 'directory' as const, path },
    target: { table: 'public.trips', undo: true },
  }
  const { ingestId } = await harness.ingest(spec)
  await db.query('delete from trips where id = 1')
  expect(await retryAll(harness, ingestId)).toMatchObject({ rowsLoaded: 1, rowsRejected: 1 })
  await db.query('insert into trips values (9, 9); update trips set n = 60 where id = 6')
  const ingest = await readIngest(db, ingestId)
  await startUndo(harness.client, { ingestId, ...noticedSoon }, ingest)
  let killed = 0
  for (const [table, lock] of Object.entries(points)) {
    await killAt(table, lock, async () => {
      at.kill('SIGKILL')
      await at.exited
      killed++
    })
    at = await harness.startWorker()
  }
  const id = undoWorkflowId(ingestId)
  const undone: Undone = await harness.client.workflow.getHandle(id).result()
  expect(undone).toEqual({ rowsRemoved: 3, rowsRestored: 0, rowsKept: 1, tableDropped: false })
  expect(killed).toBe(4)
  const { rows } = await db.query('select id, n from trips order by id')
  expect(rows.map((row) => Object.values(row).join())).toEqual(['6,60', '9,9'])
  const { rows: ledger } = await db.query(
    `select i.state, (select count(*) from sluice.undone where ingest_id = $1) as times,
            (select count(*) from sluice.undos) as undos,
            (select count(*) from pg_class where relname like 'undo\\_keys\\_%') as tables
     from sluice.ingests i where ingest_id = $1`,
    [ingestId],
  )
  expect(ledger).toEqual([{ state: 'undone', times: 1, undos: 0, tables: 0 }])
  await recordHistory(harness.client, id, 'undone')
  // The id is free again, and the same files are loaded anew.
  const again = await harness.ingest(spec)
  expect(again).toMatchObject({ state: 'completed', rowsLoaded: 3, rowsRejected: 2, undone: null })
})

test('SIGKILL when the rows of a merge are exchanged, before that is recorded', async () => {
  await db.query(`create table people (id int primary key, n int);
    insert into people select n, n from generate_series(1, 5) n`)
  const path = await harness.file('people.csv', 'id,n,gone\n1,10,\n2,20,\n3,,true\n4,x,\n6,6,\n')
  const spec = {
    id: `${harness.queue}-people`,
    source: { kind: 'directory' as const, path },
    target: {
      ...{ table: 'people', mode: 'merge' as const, key: ['id'], deleteWhen: 'gone', undo: true },
    },
  }
  const { ingestId } = await harness.ingest(spec)
  await db.query('update people set n = 21 where id = 2')
  const fixed = `file,line,raw\n${path},5,"4,40,"\n`
  expect(await retryAll(harness, ingestId, fixed)).toMatchObject({ rowsLoaded: 1 })
  await startUndo(harness.client, { ingestId, ...noticedSoon }, await readIngest(db, ingestId))
  await killAt('sluice.undone', 'share', async () => {
    at.kill('SIGKILL')
    await at.exited
  })
  await harness.startWorker()
  const undone: Undone = await harness.client.workflow.getHandle(undoWorkflowId(ingestId)).result()
  expect(undone).toEqual({ rowsRemoved: 1, rowsRestored: 3, rowsKept: 1, tableDropped: false })
  const { rows } = await db.query('select id, n from people order by id')
  expect(rows.map((row) => Object.values(row).join())).toEqual(['1,1', '2,21', '3,3', '4,4', '5,5'])
  const { rows: ledger } = await db.query(
    `select i.state, u.rows_loaded as added, u.rows_before as before, u.kept,
            (select count(*) from sluice.undone where ingest_id = $1) as times
     from sluice.ingests i join sluice.undone u using (ingest_id) where ingest_id = $1`,
    [ingestId],
  )
  const kept = [{ key: { id: 2 }, why: 'changed' }]
  expect(ledger).toEqual([{ state: 'undone', added: 1, before: 4, kept, times: 1 }])
  // The id is free again.
  const again = await harness.ingest(spec)
  expect(again).toMatchObject({ state: 'completed', rowsInserted: 1, rowsUpdated: 2, undone: null })
})

/** Holds a table until the undo waits for it, and lets go when its worker is dead. */
async function killAt(table: string, lock: string, kill: () => Promise<void>): Promise<void> {
  const holder = await db.connect()
  try {
    await holder.query(`begin; lock table ${table} in ${lock} mode`)
    const isWaiting = async () => {
      const { rows } = await db.query(
        `select from pg_stat_activity a join pg_locks l using (pid)
         where a.application_name like 'sluice/%/undo/%' and not l.granted
           and l.relation = to_regclass($1)`,
        [table],
      )
      return rows.length > 0
    }
    await until(isWaiting, { what: `an undo that waits for ${table}` })
    await kill()
  } finally {
    await holder.query('rollback')
    holder.release()
  }
}
