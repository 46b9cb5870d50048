/** What the tests of workers and queues share. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Worker } from '../../src/fleet/view.ts'
import { enterWorker } from '../../src/postgres/ledger/workers.ts'
import { type Harness, until, type WorkerProcess } from '../harness.ts'
import type { Api } from './server.ts'

/** Starts a worker of that name, and waits until the API shows it. */
export async function startNamed(
  api: Api,
  name: string,
  options: Parameters<Harness['startWorker']>[0] = {},
): Promise<WorkerProcess> {
  const args = ['--name', name, ...(options.args ?? [])]
  const process = await api.startWorker({ ...options, args })
  await until(async () => (await show(api, name)).state === 'running', { what: name })
  return process
}

export const show = async (api: Api, worker: string): Promise<Worker> =>
  (await api.ask('GET', `/v1/workers/${encodeURIComponent(worker)}`)).body

/** A row that no living process writes. @returns its instance */
export async function fakeWorker(api: Api, worker: string, queues: string[] = []): Promise<string> {
  const instance = randomUUID()
  const identity = { host: hostname(), pid: 1, version: '0', app: null, steps: [] }
  const report = {
    state: 'running' as const,
    queues: queues.map((queue) => ({ queue, concurrency: 1, shared: false, running: 0 })),
    tasks: [],
    tokens: [],
    totals: {},
    rssBytes: 1,
    cpu: 0,
  }
  await enterWorker(api.db, { ...identity, instance, worker }, { report, backend: null })
  return instance
}

/** Rows go into it one in ten milliseconds, where they are seen to come. */
export async function slowTable(api: Api, table: string): Promise<void> {
  await api.db.query(`create table ${table} (id bigint)`)
  await api.db.query(`create or replace function slowly() returns trigger language plpgsql
    as $$ begin perform pg_sleep(0.01); return new; end $$`)
  await api.db.query(
    `create trigger slowly before insert on ${table} for each row execute function slowly()`,
  )
}

/** `id` from 1 on. */
export const idsCsv = (rows: number): string =>
  `id\n${Array.from({ length: rows }, (_, index) => index + 1).join('\n')}\n`
