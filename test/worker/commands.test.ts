/** A worker does what it is told, and answers when it is done. */
import { expect, test } from 'vitest'
import type { Answer, Command, ServedQueue, TaskView } from '../../src/domain/worker.ts'
import { giveCommand, viewCommand } from '../../src/postgres/ledger/commands.ts'
import { listWorkers, type WorkerView } from '../../src/postgres/ledger/workers.ts'
import { build, type Harness, until } from '../harness.ts'
import { type Held, holdLoads, unitFiles, untilReported } from './hold.ts'

async function only(harness: Harness): Promise<WorkerView> {
  const [worker, ...others] = (await listWorkers(harness.db)).filter(
    ({ state }) => state !== 'gone',
  )
  expect(others).toEqual([])
  return worker as WorkerView
}

interface Asked {
  answer: Promise<Answer>
  isAnswered(): Promise<boolean>
}

async function tell(harness: Harness, command: Command): Promise<Asked> {
  const { instance } = await only(harness)
  const id = await giveCommand(harness.db, instance, command, 10_000)
  const isAnswered = async () => (await viewCommand(harness.db, id)).answer !== null
  const answer = until(isAnswered, { what: `an answer to ${command.kind}` }).then(
    async () => (await viewCommand(harness.db, id)).answer as Answer,
  )
  answer.catch(() => {})
  return { answer, isAnswered }
}

const ask = async (harness: Harness, command: Command): Promise<Answer> =>
  (await tell(harness, command)).answer

const queuesOf = async (harness: Harness): Promise<ServedQueue[]> => {
  await untilReported(harness)
  return (await only(harness)).queues
}

const loads = (tasks: TaskView[]) => tasks.filter(({ activity }) => activity === 'loadUnit')

/** An ingest of 12 units whose loads are held up. */
async function heldIngest(
  harness: Harness,
  target: string,
): Promise<{ held: Held; ingestId: string }> {
  const held = await holdLoads(harness)
  const path = await unitFiles(harness, 12)
  const source = { kind: 'directory' as const, path }
  return { held, ingestId: await harness.start({ source, target: { table: target } }) }
}

test.concurrent('ping, concurrency: up at once, down when no more than that run', async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  await harness.startWorker({ concurrency: 2 })
  expect(await ask(harness, { kind: 'ping' })).toEqual({ done: true, message: 'pong' })
  const { held, ingestId } = await heldIngest(harness, 'target')
  await held.untilCount(2)
  expect(await ask(harness, { kind: 'concurrency', concurrency: 5 })).toMatchObject({ done: true })
  await held.untilCount(5)
  const smaller = await tell(harness, { kind: 'concurrency', concurrency: 1 })
  await untilReported(harness)
  expect(await smaller.isAnswered()).toBe(false)
  await held.release()
  expect(await smaller.answer).toEqual({ done: true, message: 'activities at once: 1' })
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 24 })
  expect(await queuesOf(harness)).toMatchObject([{ concurrency: 1, running: 0 }])
})

test.concurrent('drain ends what is in hand and takes no more; resume goes on', async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  await harness.startWorker({ concurrency: 2, args: ['--grace', '1s'] })
  const { held, ingestId } = await heldIngest(harness, 'target')
  await held.untilCount(2)
  const drain = await tell(harness, { kind: 'drain' })
  await until(async () => (await only(harness)).state === 'drained', { what: 'the drain' })
  // Longer than the grace time of a stop: a drain waits for as long as it takes.
  await untilReported(harness, 4)
  expect(await drain.isAnswered()).toBe(false)
  expect(loads((await only(harness)).tasks).length).toBe(2)
  await held.release()
  expect(await drain.answer).toMatchObject({ done: true })
  await untilReported(harness)
  const { rows } = await harness.db.query(
    'select count(*) as n, max(attempt) as attempts from sluice.units where loaded_at is not null',
  )
  expect(rows[0]).toEqual({ n: 2, attempts: 1 })
  expect(await ask(harness, { kind: 'resume' })).toMatchObject({ done: true })
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 24 })
})

test.concurrent('queues are added and removed', async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  await harness.startWorker({ concurrency: 2 })
  const other = `${harness.queue}-other`
  const path = await unitFiles(harness, 4)
  const source = { kind: 'directory' as const, path }
  const ingestId = await harness.start({ source, target: { table: 'other' }, queue: other })
  expect(await ask(harness, { kind: 'queue_remove', queue: other })).toEqual({
    done: false,
    message: `it does not serve the queue ${other}`,
  })
  expect(await ask(harness, { kind: 'queue_add', queue: other })).toMatchObject({ done: true })
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 8 })
  expect(await queuesOf(harness)).toMatchObject([
    { queue: harness.queue, concurrency: 2, shared: true },
    { queue: other, concurrency: 2, shared: true },
  ])
  await ask(harness, { kind: 'queue_add', queue: other, concurrency: 1 })
  expect(await queuesOf(harness)).toMatchObject([
    { queue: harness.queue, concurrency: 2, shared: false },
    { queue: other, concurrency: 1, shared: false },
  ])
  await ask(harness, { kind: 'queue_remove', queue: harness.queue })
  expect(await queuesOf(harness)).toMatchObject([{ queue: other, concurrency: 1 }])
  const next = await harness.start({ source, target: { table: 'next' }, queue: other })
  expect(await harness.ended(next)).toMatchObject({ state: 'completed', rowsLoaded: 8 })
})

test.concurrent('shutdown: it leaves, and its answer is its last word', async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  const worker = await harness.startWorker()
  const { instance } = await only(harness)
  expect(await ask(harness, { kind: 'shutdown' })).toEqual({ done: true, message: 'it has left' })
  expect(await worker.exited).toEqual({ code: 0, signal: null })
  const [gone] = await listWorkers(harness.db)
  expect(gone).toMatchObject({ instance, state: 'gone', tasks: [] })
  expect(gone?.stoppedAt).not.toBeNull()
})
