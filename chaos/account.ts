/** What must add up after an ingest, and what must be gone. Problems come as sentences. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { IngestView } from '../src/postgres/ledger/views.ts'
import type { Expected } from './matrix.ts'
import { type Crop, sumOfIds } from './rows.ts'
import type { Scene } from './scene.ts'
import { until } from './until.ts'

export interface Account {
  view: IngestView
  expected: Expected
  crop: Crop
}

/** How long what goes by itself may take. */
const patienceMs = 20_000

/** Counts of the ingest, receipts and rejects. */
export async function checkCounts(
  { db }: Scene,
  { view, expected, crop }: Account,
): Promise<string[]> {
  const { ingestId } = view
  const error = expected.state === 'failed' ? expected.code : null
  const { rows } = await db.query(
    `select count(*) as units, count(loaded_at) as receipts,
            sum(rows_read)::bigint as read, sum(rows_loaded)::bigint as loaded,
            sum(rows_rejected)::bigint as rejected,
            (select count(*) from sluice.rejects where ingest_id = $1) as rejects
     from sluice.units where ingest_id = $1`,
    [ingestId],
  )
  const { good, rejects } = crop
  const { units } = rows[0]
  return differences('', {
    state: [view.state, expected.state],
    'error code': [view.error?.code ?? null, error],
    'rows read': [view.rowsRead, good + rejects],
    'rows loaded': [view.rowsLoaded, good],
    'rows rejected': [view.rowsRejected, rejects],
    receipts: [rows[0].receipts, units],
    'rows read, by the receipts': [rows[0].read, good + rejects],
    'rows loaded, by the receipts': [rows[0].loaded, good],
    'rows rejected, by the receipts': [rows[0].rejected, rejects],
    'rejects kept': [rows[0].rejects, rejects],
  })
}

/** Rows of the target: those of all crops that were published, each once. */
export async function checkTarget(
  { db }: Scene,
  table: string,
  crops: readonly Crop[] | null,
): Promise<string[]> {
  const { rows: found } = await db.query('select to_regclass($1) is not null as yes', [table])
  if (!found[0].yes) return crops === null ? [] : [`there is no table ${table}`]
  if (crops === null) return [`the table ${table} is there`]
  const good = crops.reduce((sum, crop) => sum + crop.good, 0)
  const sum = crops.reduce((all, crop) => all + sumOfIds(crop), 0)
  const { rows } = await db.query(
    `select count(*) as rows, count(distinct id) as ids, coalesce(sum(id::bigint), 0)::bigint as sum
     from ${table}`,
  )
  return differences(`${table}: `, {
    rows: [rows[0].rows, good],
    'distinct ids': [rows[0].ids, good],
    'sum of ids': [rows[0].sum, sum],
  })
}

function differences(of: string, pairs: Record<string, [unknown, unknown]>): string[] {
  return Object.entries(pairs)
    .filter(([, [is, wanted]]) => is !== wanted)
    .map(([what, [is, wanted]]) => `${of}${what}: ${is}, not ${wanted}`)
}

/** Staged files: to be looked at while a worker lives, for only it may see them. */
export async function checkStage(stageDir: string, waitMs = patienceMs): Promise<string[]> {
  let left: string[] = []
  const isEmpty = async () => {
    left = await filesBelow(stageDir)
    return left.length === 0
  }
  return gone(isEmpty, waitMs, () => `left in the stage: ${left.join(', ')}`)
}

async function filesBelow(folder: string): Promise<string[]> {
  // An ingest's own folder goes as well; the mark of its ledger stays.
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  return names.filter((name) => !/^(ingests|uploads|ledgers(\/[^/]+)?)$/.test(name))
}

/** After every worker has left: landing tables, sessions, locks, processes, other files. */
export async function checkLeft(scene: Scene, waitMs = patienceMs): Promise<string[]> {
  const { db, folder } = scene
  const look = async () => {
    const { rows } = await db.query(
      `select (select string_agg(relname, ', ') from pg_class
               where relname like 'sluice_landing%') as "landing tables",
              (select string_agg(application_name, ', ') from pg_stat_activity
               where datname = current_database() and application_name like 'sluice%') as sessions,
              (select count(*) from pg_locks join pg_stat_activity using (pid)
               where datname = current_database() and application_name like 'sluice%'
                 and locktype <> 'virtualxid') || ' locks' as locks`,
    )
    return Object.entries(rows[0]).filter(([, left]) => left !== null && left !== '0 locks')
  }
  let left: [string, unknown][] = []
  const isGone = async () => {
    left = await look()
    return left.length === 0
  }
  const inDatabase = await gone(
    isGone,
    waitMs,
    () => `left in the database: ${JSON.stringify(left)}`,
  )

  const pids = await processesOf(folder)
  const processes = pids.length > 0 ? [`left running: ${pids.join(', ')}`] : []
  const own = /^(source.*|stage|worker-\d+\.log)$/
  const names = (await readdir(folder)).filter((name) => !own.test(name))
  const files = names.length > 0 ? [`left in its folder: ${names.join(', ')}`] : []
  return [...inDatabase, ...processes, ...files]
}

/** A commit can be seen a moment before its session is seen to be over. */
async function gone(
  ask: () => Promise<boolean>,
  timeoutMs: number,
  problem: () => string,
): Promise<string[]> {
  const isGone = await until(ask, { what: 'what should go', timeoutMs }).then(
    () => true,
    () => false,
  )
  return isGone ? [] : [problem()]
}

/** Workers of the scene, whoever started them. (Only Linux shows the environment of others.) */
async function processesOf(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue
    const environment = await readFile(join('/proc', pid, 'environ'), 'utf8').catch(() => '')
    if (environment.includes(`SLUICE_HOME=${folder}`)) found.push(pid)
  }
  return found
}
