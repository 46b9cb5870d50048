/** Histories recorded earlier replay with today's workflow code: ingests in flight survive it. */
import { readdirSync, readFileSync } from 'node:fs'
import { Worker } from '@temporalio/worker'
import { expect, test } from 'vitest'
import { workflowBundle } from '../../src/worker/bundle.ts'

const folder = new URL('./', import.meta.url)
const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
const bundle = workflowBundle()

const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const replay = (history: unknown) => Worker.runReplayHistory({ workflowBundle: bundle }, history)

test('there is a history for each way that an ingest can go, and of the janitor', () => {
  const ways = [
    'cancelled',
    'completed',
    'continued',
    'failed',
    'paused',
    'retried',
    'small',
    'split',
    'steps',
    'stepsShared',
    'streamed',
    'undone',
  ]
  expect(names.map((name) => name.replace('.json', ''))).toEqual(
    expect.arrayContaining([...ways, 'janitor', 'janitorBefore']),
  )
})

test.each(names)('%s', async (name) => {
  await replay(read(name))
})

test('a history that the code would not write is found', async () => {
  const history = read('completed.json')
  for (const event of history.events) {
    const scheduled = event.activityTaskScheduledEventAttributes
    if (scheduled?.activityType.name === 'planIngest') scheduled.activityType.name = 'publishIngest'
  }
  await expect(replay(history)).rejects.toThrow(/Nondeterminism|TMPRL1100/i)
})
