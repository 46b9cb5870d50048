/** Routes and time limits: from the settings file and from the spec, down to the queue of a task. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { expect, test } from 'vitest'
import type { ApiDeps } from '../../src/api/deps.ts'
import type { IngestSpec } from '../../src/spec/spec.ts'
import { listen } from '../api/server.ts'
import { outputOf } from '../dist.ts'
import { build, type Harness, until } from '../harness.ts'

const app = outputOf(fileURLToPath(new URL('../steps/app.ts', import.meta.url)))

async function submit(url: string, spec: IngestSpec): Promise<string> {
  const answer = await fetch(`${url}/v1/ingests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(spec),
  })
  expect([answer.status, answer.ok ? '' : await answer.text()]).toEqual([202, ''])
  return ((await answer.json()) as { id: string }).id
}

/** The task queues of its activities, by their type, as the server scheduled them. */
async function queuesOf(harness: Harness, ingestId: string): Promise<Record<string, string>> {
  const { events } = await harness.client.workflow.getHandle(ingestId).fetchHistory()
  const queues: Record<string, string> = {}
  for (const event of events ?? []) {
    const task = event.activityTaskScheduledEventAttributes
    if (task) queues[task.activityType?.name ?? ''] = task.taskQueue?.name ?? ''
  }
  return queues
}

test('routes by path, target, size and step; the spec goes before the file', async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  const queue = (name: string) => `${harness.queue}-${name}`
  const settings: ApiDeps['settings'] = {
    routes: [
      { when: { path: '**/videos/*' }, queue: queue('videos') },
      { when: { target: 'public.small_*', sizeOver: 20 }, queue: queue('large') },
      { when: { target: 'public.small_*' }, queue: queue('small') },
      { when: { step: 'upper' }, queue: queue('steps') },
    ],
    timeouts: {},
  }
  const url = await listen(harness, { settings })
  const all = ['videos', 'large', 'small', 'steps', 'own'].map(queue).join(',')
  await harness.startWorker({ queue: all, args: ['--app', app] })
  await mkdir(join(harness.folder, 'videos'))
  const video = join(harness.folder, 'videos/a.mp4')
  await writeFile(video, 'moving pictures')
  const few = await harness.file('few.csv', 'a\n1\n')
  const many = await harness.file('many.csv', `a\n${'1\n'.repeat(20)}`)
  const directory = (path: string) => ({ kind: 'directory' as const, path })

  const run = async (spec: IngestSpec) => {
    const ingestId = await submit(url, spec)
    expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed' })
    return queuesOf(harness, ingestId)
  }
  expect(await run({ source: directory(video), steps: ['upper'] })).toMatchObject({
    beginIngest: queue('videos'),
    stageLot: queue('videos'),
    runStep: queue('steps'),
  })
  expect(await run({ source: directory(few), target: { table: 'small_few' } })).toEqual({
    beginIngest: queue('small'),
  })
  // Its size is known once it is listed.
  expect(await run({ source: directory(many), target: { table: 'small_many' } })).toMatchObject({
    beginIngest: queue('small'),
    stageLot: queue('large'),
    loadUnit: queue('large'),
    publishIngest: queue('large'),
  })
  const named = { source: directory(many), target: { table: 'small_own' }, queue: queue('own') }
  expect(await run(named)).toEqual({ beginIngest: queue('own') })
  const routes = [{ when: { source: 'directory' as const }, queue: queue('own') }]
  expect(await run({ source: directory(video), steps: ['upper'], routes })).toMatchObject({
    beginIngest: queue('own'),
    runStep: queue('steps'),
  })
})

test('a bad route or time limit is refused, and says where', async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const url = await listen(harness)
  const refused = async (more: object) => {
    const source = { kind: 'directory', path: 'x.csv' }
    const body = JSON.stringify({ source, target: { table: 't' }, ...more })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/v1/ingests`, { method: 'POST', headers, body })
    const { code, detail } = (await answer.json()) as { code: string; detail: string }
    return `${answer.status} ${code} ${detail}`
  }
  expect(await refused({ routes: [{ when: { path: '[a' }, queue: 'q' }] })).toMatch(
    /^400 spec_invalid .*routes\[0\]\.when\.path/,
  )
  expect(await refused({ routes: [{ when: { size: 3 }, queue: 'q' }] })).toMatch(
    /^400 spec_invalid .*size/,
  )
  expect(await refused({ timeouts: { load: { soft: '2m', hard: '1m' } } })).toMatch(
    /^400 spec_invalid .*timeouts\.load/,
  )
  expect(await refused({ target: undefined })).toMatch(/^400 spec_invalid .*target nor steps/)
})

test('a verb past its soft time limit is called off in order, and thrice is enough', {
  timeout: 60_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const url = await listen(harness)
  await harness.startWorker()
  const holder = new pg.Client({ connectionString: harness.databaseUrl })
  await holder.connect()
  onTestFinished(() => holder.end())
  await holder.query('begin; lock table sluice.rejects in share mode')
  const path = await harness.file('held.csv', 'a\n1\nx\n')
  await harness.db.query('create table held (a int)')
  const ingestId = await submit(url, {
    queue: harness.queue,
    source: { kind: 'directory', path },
    target: { table: 'held' },
    timeouts: { load: { soft: '1s', hard: '5s' } },
  })
  const view = await harness.ended(ingestId)
  expect(view).toMatchObject({ state: 'failed', error: { code: 'time_limit' } })
  expect(view.error?.message).toBe('loadUnit took longer than its soft time limit of 1 s.')
  await until(
    async () => {
      const { rowCount } = await harness.db.query(
        `select from pg_stat_activity where datname = current_database()
         and application_name like 'sluice/%'`,
      )
      return rowCount === 0
    },
    { what: 'the end of its sessions' },
  )
  const { rows } = await harness.db.query(
    `select count(*) as n from pg_class where relname like 'sluice_landing%'`,
  )
  expect(rows[0].n).toBe(0)
})
