/** What the Temporal Web UI shows of an ingest, without a click: from its history and its details. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultPayloadConverter } from '@temporalio/common'
import { expect, test } from 'vitest'
import { softLimitHeader } from '../../src/domain/activityNames.ts'
import { build, eachVerb } from '../harness.ts'

const harness = await build()

interface Details {
  currentDetails: string
}

async function shownOf(ingestId: string) {
  const handle = harness.client.workflow.getHandle(ingestId)
  await handle.result()
  const { events } = await handle.fetchHistory()
  const scheduled = (events ?? []).flatMap((event) => {
    const asked = event.activityTaskScheduledEventAttributes
    const summary = event.userMetadata?.summary
    const limit = asked?.header?.fields?.[softLimitHeader]
    const read = (payload: unknown): unknown =>
      defaultPayloadConverter.fromPayload(payload as never)
    return asked
      ? [
          {
            activity: asked.activityType?.name,
            summary: summary ? String(read(summary)) : null,
            softMs: limit ? read(limit) : null,
            input: read(asked.input?.payloads?.[0]) as object,
          },
        ]
      : []
  })
  const { currentDetails } = await handle.query<Details>('__temporal_workflow_metadata')
  return { scheduled, currentDetails }
}

test('each activity says what it is about, and the end what became of columns and rows', async () => {
  await harness.startWorker()
  const path = join(harness.folder, 'named')
  await mkdir(path)
  const long = `${'x'.repeat(200)}-2.csv`
  await writeFile(join(path, 'a\u001b[2J\n![b](c).csv'), 'id,name\n1,a\nx,b\n')
  await writeFile(join(path, long), 'name,id\nb,2\n')
  const limits = { load: { softMs: 30_000, hardMs: 60_000 } }
  const ingestId = await harness.start(
    { source: { kind: 'directory', path }, target: { table: 'named' }, rejects: { max: 5 } },
    { ...eachVerb, limits },
  )
  const { scheduled, currentDetails } = await shownOf(ingestId)
  expect(scheduled.map(({ activity, summary }) => [activity, summary])).toEqual([
    ['listSource', null],
    ['stageLot', 'lot 0 of 1'],
    ['planIngest', '2 files'],
    ['loadUnit', 'unit 0 · a\\x1b[2J\\n![b](c).csv · 8 B'],
    ['loadUnit', `unit 1 · …${'x'.repeat(41)}-2.csv · 4 B`],
    ['publishIngest', '3 rows'],
    ['sweepIngest', 'completed'],
  ])
  // The limit is in the header of those that have one, and in the input of none.
  expect(scheduled.filter(({ softMs }) => softMs === 30_000)).toHaveLength(2)
  for (const { activity, softMs, input } of scheduled) {
    expect([activity, softMs !== null]).toEqual([activity, activity === 'loadUnit'])
    expect(Object.keys(input)).not.toContain('softMs')
  }
  expect(currentDetails).toMatch(/^\*\*completed\*\* → public\.named\n- files: 2\n- units: 2\n/)
  expect(currentDetails).toMatch('- rows: 3 loaded, 0 rejected')
  expect(currentDetails).toMatch('- columns: id text, name text')
  expect(currentDetails).toMatch(/^- note: .*id/m)
  expect(currentDetails.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
})
