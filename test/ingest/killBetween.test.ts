/** A worker killed between two steps of a verb: what is committed stays, the rest is done once. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import {
  build,
  eachVerb,
  type Harness,
  noticedSoon,
  until,
  type WorkerProcess,
} from '../harness.ts'
import { counted, killThere, noSession, obstacle } from './obstacle.ts'

/** Each verb is met in an activity of its own: killVerbs.test.ts has small ingests as well. */
const options = { ...noticedSoon, ...eachVerb }

const rows = 3000
const bad = 2

const sourceOf = async (harness: Harness, name: string, lines: string[]) => ({
  kind: 'directory' as const,
  path: await harness.file(name, `${lines.join('\n')}\n`),
})

async function lockedBy(harness: Harness, sql: string): Promise<pg.Client> {
  const holder = new pg.Client({ connectionString: harness.databaseUrl })
  await holder.connect()
  holder.on('error', () => {})
  await holder.query(`begin; ${sql}`)
  return holder
}

/** Waits until so many sessions of verbs of the worker wait for tables. */
async function untilWaiting(
  harness: Harness,
  { pid }: WorkerProcess,
  tables: string[],
): Promise<void> {
  const areWaiting = async () => {
    const { rowCount } = await harness.db.query(
      `select from pg_locks l join pg_stat_activity a using (pid)
       where not l.granted and l.relation = any($1::regclass[]) and a.application_name like $2`,
      [tables, `sluice/%/${pid}`],
    )
    return rowCount === comparing.length
  }
  await until(areWaiting, { what: `waits for ${tables}` })
}

const comparing = [
  { table: 'public.target_0', atomic: true, change: '' },
  { table: 'public.target_1', atomic: true, change: 'drop t' },
  { table: 'public.target_2', atomic: false, change: '' },
  { table: 'public.target_3', atomic: false, change: 'drop t' },
]

/**
 * Kills the worker when it has the lock of each target and compares it with the plan, in publish and
 * in loads straight into the target: the comparison reads the defaults of columns.
 */
async function killComparing(harness: Harness, start: () => Promise<unknown>): Promise<void> {
  const tables = comparing.map(({ table }) => table)
  for (const table of tables)
    await harness.db.query(`create table ${table} (n int primary key, t text)`)
  const victim = await harness.startWorker({ concurrency: comparing.length })
  const targets = await lockedBy(harness, `lock table ${tables} in share mode`)
  await start()
  await untilWaiting(harness, victim, tables)
  const attrdef = 'pg_catalog.pg_attrdef'
  const defaults = await lockedBy(harness, `lock table ${attrdef} in access exclusive mode`)
  await targets.end()
  await untilWaiting(harness, victim, [attrdef])
  victim.kill('SIGKILL')
  await victim.exited
  await defaults.end()
  await noSession(harness)
}

test.concurrent('a comparison of the target with the plan: done anew, and what has changed then is told', {
  timeout: 180_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const lines = Array.from({ length: rows }, (_, n) => `${n < bad ? 'x' : ''}${n},t`)
  const source = await sourceOf(harness, 'rows.csv', ['n,t', ...lines])
  const idOf = (table: string) => `${table}-${harness.queue}`
  await killComparing(harness, async () => {
    for (const { table, atomic } of comparing) {
      await harness.start({ id: idOf(table), source, target: { table, atomic } }, options)
    }
  })
  for (const { table, change } of comparing) {
    if (change) await harness.db.query(`alter table ${table} ${change}`)
  }
  await harness.startWorker()
  for (const { table, change } of comparing) {
    const view = await harness.ended(idOf(table), 120_000)
    const { rows: found } = await harness.db.query(counted(table), [idOf(table)])
    const changed = {
      view: { state: 'failed', error: { code: 'target_changed' } },
      found: { rows: 1, ids: 0, retries: 0 },
    }
    const unchanged = {
      view: { state: 'completed', error: null, notes: [{ code: 'rejects_likely' }] },
      found: {
        rows: rows - bad,
        ids: rows - bad,
        loaded: rows - bad,
        rejected: bad,
        receipts: [rows, rows - bad, bad],
        open: bad,
        retries: 0,
      },
    }
    expect({ table, view, found: found[0] }).toMatchObject({
      table,
      ...(change ? changed : unchanged),
    })
  }
  await noSession(harness)
  const { rowCount } = await harness.db.query(
    `select from pg_class where relname like 'sluice_landing%'`,
  )
  expect(rowCount).toBe(0)
})

const delimiters = [',', ';', '\t', '|']
const [files, recordedAtOnce] = [130, 100]

/** Files with a row of their own dialect, a row that is a comma but in theirs, and a wrong row. */
async function writeLot(harness: Harness): Promise<string> {
  const folder = join(harness.folder, 'lot')
  await mkdir(folder)
  for (let no = 0; no < files; no++) {
    const delimiter = delimiters[no % delimiters.length] as string
    const lines = [
      ['n', 't'],
      [`${2 * no}`, `"a${delimiter}""b"""`],
      [`${2 * no + 1}`, delimiter === ',' ? '","' : ','],
      ['late', 'x', 'too many'],
    ]
    const text = lines.map((line) => `${line.join(delimiter)}\n`).join('')
    await writeFile(join(folder, `${String(no).padStart(3, '0')}.csv`), text)
  }
  return folder
}

async function expectLot(harness: Harness, ingestId: string): Promise<void> {
  const view = await harness.ended(ingestId, 120_000)
  expect(view).toMatchObject({ state: 'completed', error: null, files })
  expect((await harness.db.query(counted('lot'), [ingestId])).rows[0]).toEqual({
    rows: 2 * files,
    ids: 2 * files,
    loaded: 2 * files,
    rejected: files,
    receipts: [3 * files, 2 * files, files],
    open: files,
    retries: 0,
  })
  const { rows: staged } = await harness.db.query(
    `select count(*) as files, array_agg(distinct shape -> 'reading' ->> 'delimiter') as read
     from sluice.files where ingest_id = $1 group by staged_at order by staged_at`,
    [ingestId],
  )
  // Those that were recorded before the kill were not staged again.
  expect(staged).toMatchObject([{ files: recordedAtOnce }, { files: files - recordedAtOnce }])
  for (const { read } of staged) expect(read.sort()).toEqual([...delimiters].sort())
  const { rows: wrong } = await harness.db.query(
    `select n, t from lot
     where t <> case n % 2 when 1 then ',' else format('a%s"b"', ($1::text[])[n / 2 % 4 + 1]) end`,
    [delimiters],
  )
  expect(wrong).toEqual([])
  const rejects = await harness.rejects(ingestId)
  expect(new Set(rejects.map(({ file }) => file)).size).toBe(files)
}

async function expectTrimmed(harness: Harness, ingestId: string, table: string): Promise<void> {
  const view = await harness.ended(ingestId, 120_000)
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: rows, rowsRejected: 0 })
  expect(view.notes.map(({ code, count }) => [code, count])).toEqual([['text_trimmed', rows / 3]])
  const { rows: found } = await harness.db.query(counted(table), [ingestId])
  expect(found[0]).toMatchObject({ rows, ids: rows, receipts: [rows, rows, 0] })
  const { rows: units } = await harness.db.query(
    'select trimmed from sluice.units where ingest_id = $1',
    [ingestId],
  )
  expect(units).toEqual([{ trimmed: { rows: rows / 3, fields: { 3: rows / 3 } } }])
}

test.concurrent('a lot whose files have their own dialects, between two of them; text that is trimmed, before a receipt and before its note', {
  timeout: 180_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const path = await writeLot(harness)
  const lines = Array.from({ length: rows }, (_, n) => `${n},t${n % 3 === 0 ? ',more' : ''}`)
  const source = await sourceOf(harness, 'rows.csv', ['n,t', ...lines])
  const [lot, receipt, noted] = [
    `lot-${harness.queue}`,
    `receipt-${harness.queue}`,
    `noted-${harness.queue}`,
  ]
  const ofReceipt = `new.ingest_id = '${receipt}'`
  const ofNote = `new.ingest_id = '${noted}' and new.code = 'text_trimmed'`
  await harness.db.query(obstacle('sluice.files', 'update', `new.file_no = ${recordedAtOnce + 10}`))
  await harness.db.query(obstacle('sluice.units', 'update of loaded_at', ofReceipt))
  await harness.db.query(obstacle('sluice.notes', 'insert', ofNote))
  const start = async () => {
    const lotSource = { kind: 'directory' as const, path }
    await harness.start({ id: lot, source: lotSource, target: { table: 'lot' } }, options)
    const format = { ragged: 'trim' as const }
    for (const [id, table] of [
      [receipt, 'receipts'],
      [noted, 'noted'],
    ] as const) {
      await harness.start({ id, source, target: { table }, format }, options)
    }
  }
  await killThere(harness, await harness.startWorker({ concurrency: 4 }), start, { obstacles: 3 })
  await expectLot(harness, lot)
  await expectTrimmed(harness, receipt, 'receipts')
  await expectTrimmed(harness, noted, 'noted')
  await noSession(harness)
})
