/** Steps: the user's work between stage and plan, done once for every file. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { listen } from '../api/server.ts'
import { sluice } from '../cli/sluice.ts'
import { outputOf } from '../dist.ts'
import { build, type Harness, noticedSoon, until } from '../harness.ts'
import { recordHistory } from '../replay/record.ts'

const app = outputOf(fileURLToPath(new URL('app.ts', import.meta.url)))
const harness = await build()
await harness.startWorker({ args: ['--app', app] })

/** A folder of its own, so that the runs of a test are its own. */
async function folder(
  name: string,
  files: Record<string, string>,
  built = harness,
): Promise<string> {
  const path = join(built.folder, name)
  await mkdir(path)
  for (const [file, content] of Object.entries(files)) await writeFile(join(path, file), content)
  return path
}

const directory = (path: string) => ({ kind: 'directory' as const, path: `${path}/*.csv` })

async function runs(path: string): Promise<string[]> {
  const log = await readFile(join(path, 'runs.log'), 'utf8').catch(() => '')
  return log.split('\n').filter(Boolean).sort()
}

async function stepsOf(built: Harness, ingestId: string) {
  const { rows } = await built.db.query(
    `select file_no, step_no, step, attempt, failures, result, error, finished_at is not null as done
     from sluice.steps where ingest_id = $1 order by file_no, step_no`,
    [ingestId],
  )
  return rows
}

test('a step gets packed files as they are; what the last one leaves may be packed', async () => {
  const content = 'id,name\n1,ü\nx,bad\n3,ö\n'
  const path = await folder('packed', { 'a.csv': content, 'b.csv': content })
  await harness.db.query('create table unpacked (id bigint, name text)')
  const spec = { source: directory(path), target: { table: 'unpacked' } }
  const view = await harness.ingest({ ...spec, steps: ['pack'] })
  expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 4, rowsRejected: 2 })
  const { rows } = await harness.db.query('select distinct id, name from unpacked order by id')
  expect(rows).toEqual([
    { id: 1, name: 'ü' },
    { id: 3, name: 'ö' },
  ])
  expect(await harness.rejects(view.ingestId)).toMatchObject([{ line: 3 }, { line: 3 }])
  const { rows: files } = await harness.db.query(
    `select size_bytes as size, shape ->> 'packing' as packing, shape ->> 'encoding' as encoding
     from sluice.files where ingest_id = $1`,
    [view.ingestId],
  )
  const file = { size: Buffer.byteLength(content), packing: 'gzip', encoding: 'utf-16le' }
  expect(files).toEqual([file, file])
})

test('files go through the steps in order, and the load sees the last one', async () => {
  const path = await folder('order', { 'a.csv': 'Name\nann\n', 'b.csv': 'Name\nbob\ncyd\n' })
  const view = await harness.ingest({
    source: directory(path),
    steps: ['upper', 'double'],
    target: { table: 'people' },
  })
  expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 6, stepsFinished: 4 })
  const { rows } = await harness.db.query('select name, count(*) from people group by 1 order by 1')
  expect(rows).toEqual([
    { name: 'ANN', count: 2 },
    { name: 'BOB', count: 2 },
    { name: 'CYD', count: 2 },
  ])
  await recordHistory(harness.client, view.ingestId, 'steps')
  expect(await runs(path)).toEqual(['double 0', 'double 1', 'upper 0', 'upper 1'])
  expect(await stepsOf(harness, view.ingestId)).toMatchObject([
    { file_no: 0, step: 'upper', result: { chars: 9 }, done: true },
    { file_no: 0, step: 'double', result: null, done: true },
    { file_no: 1, step: 'upper', result: { chars: 13 }, done: true },
    { file_no: 1, step: 'double', result: null, done: true },
  ])
  // The source is what it was.
  expect(await readFile(join(path, 'a.csv'), 'utf8')).toBe('Name\nann\n')
})

test('the API and the command line list the steps, page by page', async ({ onTestFinished }) => {
  const built = await build({ onEnd: onTestFinished })
  await built.startWorker({ args: ['--app', app] })
  const path = await folder('pages', { 'a.csv': 'n\n1\n', 'b.csv': 'n\n2\n' }, built)
  const { ingestId } = await built.ingest({ source: directory(path), steps: ['upper', 'double'] })
  const url = await listen(built)
  const seen: string[] = []
  for (let after: string | null = '-'; after !== null; ) {
    const query = after === '-' ? '' : `&after=${after}`
    const answer = await fetch(`${url}/v1/ingests/${ingestId}/steps?limit=3${query}`)
    expect(answer.status).toBe(200)
    const page = (await answer.json()) as { steps: never[]; next: string | null }
    seen.push(...page.steps.map(({ fileNo, step, failures }) => `${fileNo} ${step} ${failures}`))
    after = page.next
  }
  expect(seen).toEqual(['0 upper 0', '0 double 0', '1 upper 0', '1 double 0'])
  const listed = await sluice(['steps', ingestId], { env: { SLUICE_API: url } })
  expect(listed.out).toMatch(/a\.csv +upper +1 .* \{"chars":4\}/)
})

test('without a target the steps are all', async () => {
  const path = await folder('alone', { 'a.csv': 'any bytes' })
  const view = await harness.ingest({ source: directory(path), steps: ['upper'] })
  expect(view).toMatchObject({
    state: 'completed',
    target: null,
    files: 1,
    units: 0,
    rowsLoaded: 0,
    stepsFinished: 1,
  })
  await harness.cleared(view.ingestId)
})

test('a step that finds the disk full waits for room, and loses no attempt', async () => {
  const path = await folder('full', { 'a.csv': 'it' })
  const view = await harness.ingest({ source: directory(path), steps: ['full'] })
  expect(view).toMatchObject({ state: 'completed', error: null, stepsFinished: 1 })
  expect(await runs(path)).toEqual(['full no more 0'])
  const { rows } = await harness.db.query(
    'select attempt, failures, begun from sluice.steps where ingest_id = $1',
    [view.ingestId],
  )
  expect(rows).toEqual([{ attempt: 4, failures: 0, begun: 1 }])
})

test('a step that throws is tried as often as it says, then the ingest fails', async () => {
  const path = await folder('throws', { 'a.csv': 'it' })
  const view = await harness.ingest({ source: directory(path), steps: ['throws'] })
  expect(view).toMatchObject({ state: 'failed', error: { code: 'step_failed' } })
  expect(view.error?.message).toContain('a.csv (failures: 3): no luck with it')
  expect(await runs(path)).toEqual(['throws 0', 'throws 0', 'throws 0'])
  const [step] = await stepsOf(harness, view.ingestId)
  expect(step).toMatchObject({ failures: 3, error: 'no luck with it', done: false })
})

test.concurrent.for([
  ['gives_up', 'step_failed', 'a.csv (failures: 1): never'],
  ['overdue', 'time_limit', 'longer than its soft time limit of 0.3 s'],
  ['links', 'step_result_invalid', 'link is not a regular file'],
  ['outside', 'step_result_invalid', 'is not in the scratch folder'],
  ['unknown_key', 'step_result_invalid', 'it has "rows"'],
  ['too_large', 'step_result_invalid', 'the result has 70002 bytes of JSON'],
  ['nul', 'step_result_invalid', 'the result has a NUL'],
])('%s: %s', async ([name, code, message]) => {
  const path = await folder(`bad-${name}`, { 'a.csv': 'x' })
  const view = await harness.ingest({ source: directory(path), steps: [name as string] })
  expect(view).toMatchObject({ state: 'failed', error: { code } })
  expect(view.error?.message).toContain(message)
})

test('a cancel ends a step, also one that does not hear it', async () => {
  for (const step of ['slow', 'deaf']) {
    const path = await folder(`cancel-${step}`, { 'a.csv': 'x' })
    const ingestId = await harness.start({ source: directory(path), steps: [step] })
    await until(async () => (await runs(path)).length > 0, { what: 'the step' })
    await harness.steer(ingestId, 'cancel')
    expect(await harness.ended(ingestId, 5000)).toMatchObject({ state: 'cancelled' })
    expect(await runs(path)).toEqual([`${step} starts 0`])
  }
})

test('an ingest waits for a step that nobody has yet, and says so', async ({ onTestFinished }) => {
  const built = await build({ onEnd: onTestFinished })
  await built.startWorker()
  const path = await folder('unknown', { 'a.csv': 'x' }, built)
  await writeFile(join(path, 'go'), '')
  const ingestId = await built.start({ source: directory(path), steps: ['slow'] })
  const retrying = async () => {
    const { raw } = await built.client.workflow.getHandle(ingestId).describe()
    const message = raw.pendingActivities?.[0]?.lastFailure?.message ?? ''
    return message.includes('No worker has ever had a step slow')
  }
  await until(retrying, { what: 'a complaint' })
  await built.startWorker({ args: ['--app', app] })
  expect(await built.ended(ingestId)).toMatchObject({ state: 'completed' })
})

describe.concurrent('a worker that', () => {
  test('is killed in the middle of a step: another one does it, what is done stays done', {
    timeout: 120_000,
  }, async ({ onTestFinished }) => {
    const built = await build({ onEnd: onTestFinished })
    const path = await folder('kill', { 'a.csv': 'n\n1\n', 'b.csv': 'n\n2\n' }, built)
    const victim = await built.startWorker({ args: ['--app', app] })
    const ingestId = await built.start(
      {
        source: directory(path),
        steps: ['upper', 'slow', 'double'],
        target: { table: 'target' },
      },
      noticedSoon,
    )
    const both = async () => (await runs(path)).filter((run) => run.startsWith('slow')).length === 2
    await until(both, { what: 'both steps' })
    victim.kill('SIGKILL')
    await built.startWorker({ args: ['--app', app] })
    const readyMs = Date.now()
    await until(async () => (await runs(path)).filter((run) => /^slow/.test(run)).length === 4, {
      what: 'another attempt at both',
    })
    expect(Date.now() - readyMs).toBeLessThan(noticedSoon.heartbeatMs + 10_000)
    await writeFile(join(path, 'go'), '')
    const view = await built.ended(ingestId)
    expect(view).toMatchObject({ state: 'completed', rowsRead: 4, rowsLoaded: 4, rowsRejected: 0 })
    expect(await runs(path)).toEqual([
      'double 0',
      'double 1',
      'slow ends 0',
      'slow ends 1',
      'slow starts 0',
      'slow starts 0',
      'slow starts 1',
      'slow starts 1',
      'upper 0',
      'upper 1',
    ])
    const { rows } = await built.db.query('select n, count(*) from target group by 1 order by 1')
    expect(rows).toEqual([
      { n: 1, count: 2 },
      { n: 2, count: 2 },
    ])
    expect(await stepsOf(built, ingestId)).toMatchObject(
      [0, 1].flatMap(() => [
        { step: 'upper', attempt: 1, failures: 0, done: true },
        { step: 'slow', attempt: 2, failures: 0, done: true },
        { step: 'double', attempt: 1, failures: 0, done: true },
      ]),
    )
    // Not even the scratch folder of the one that was killed.
    await built.cleared(ingestId)
    expect(await readdir(join(built.folder, '.stage/ingests'))).toEqual([])
  })

  test('was stopped for too long and wakes up has no say any more', {
    timeout: 120_000,
  }, async ({ onTestFinished }) => {
    const built = await build({ onEnd: onTestFinished })
    const path = await folder('wakes', { 'a.csv': 'n\n1\n' }, built)
    const sleeper = await built.startWorker({ args: ['--app', app] })
    const ingestId = await built.start(
      {
        source: directory(path),
        steps: ['slow', 'double'],
        target: { table: 'target' },
      },
      noticedSoon,
    )
    await until(async () => (await runs(path)).length === 1, { what: 'the step' })
    sleeper.kill('SIGSTOP')
    await built.startWorker({ args: ['--app', app] })
    await until(async () => (await runs(path)).length === 2, { what: 'another attempt' })
    await writeFile(join(path, 'go'), '')
    sleeper.kill('SIGCONT')
    const view = await built.ended(ingestId)
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2, stepsFinished: 2 })
    expect((await runs(path)).filter((run) => run.startsWith('double'))).toEqual(['double 0'])
    expect(await stepsOf(built, ingestId)).toMatchObject([
      { step: 'slow', done: true },
      { step: 'double', attempt: 1, done: true },
    ])
    await built.cleared(ingestId)
    expect(await readdir(join(built.folder, '.stage/ingests'))).toEqual([])
  })

  test('leaves hands its steps back, which costs them no attempt', async ({ onTestFinished }) => {
    const built = await build({ onEnd: onTestFinished })
    const path = await folder('leave', { 'a.csv': 'x' }, built)
    const first = await built.startWorker({ args: ['--app', app, '--grace', '1s'] })
    const ingestId = await built.start({ source: directory(path), steps: ['slow'] })
    await until(async () => (await runs(path)).length === 1, { what: 'the step' })
    await built.startWorker({ args: ['--app', app] })
    first.kill('SIGTERM')
    expect(await first.exited).toEqual({ code: 0, signal: null })
    expect(first.output()).toContain('handed back after')
    await until(async () => (await runs(path)).length === 2, {
      what: 'the next one',
      timeoutMs: 5000,
    })
    await writeFile(join(path, 'go'), '')
    expect(await built.ended(ingestId)).toMatchObject({ state: 'completed' })
    expect(await stepsOf(built, ingestId)).toMatchObject([{ attempt: 2, failures: 0, done: true }])
  })
})
