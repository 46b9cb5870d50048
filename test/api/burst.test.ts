/** Many requests at once: every ingest that was taken in is started, by its request or later. */

import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, test } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import { startUnstarted, viewWorkflow } from '../../src/temporal/ingests.ts'
import { workflowStatusOf } from '../../src/temporal/janitor.ts'
import { testDeps } from '../ingest/deps.ts'
import { buildApi } from './server.ts'

const api = await buildApi()

test('300 requests at once: each has a workflow when it is answered', async () => {
  const ids = Array.from({ length: 300 }, (_, n) => `${api.queue}-burst-${n}`)
  const source = { kind: 'directory', path: '/nowhere' }
  const answers = await Promise.all(
    ids.map((id) =>
      api.ask('POST', '/v1/ingests', {
        ...{ id, source, target: { table: 't' } },
        queue: 'nobody',
      }),
    ),
  )
  expect(answers.filter(({ status }) => status !== 202).map(({ body }) => body)).toEqual([])
  for (let from = 0; from < ids.length; from += 30) {
    const views = await Promise.all(
      ids.slice(from, from + 30).map((id) => viewWorkflow(api.client, id)),
    )
    expect(views.every((view) => view?.status === 'RUNNING')).toBe(true)
  }
})

/** An ingest as an API leaves it that dies between its row and its workflow. */
async function enter(name: string, ageMinutes: number): Promise<string> {
  const ingestId = `${api.queue}-${name}`
  const path = await api.file(`${name}.csv`, 'n\n1\n2\n')
  const source = { kind: 'directory' as const, path }
  const spec = fullSpec({ source, target: { table: name }, queue: api.queue })
  const limits = { load: { hardMs: 3_600_000 } }
  await enterIngest(api.db, { ingestId, spec, target: `public.${name}`, limits })
  await api.db.query(
    `update sluice.ingests set created_at = now() - $2 * interval '1 minute' where ingest_id = $1`,
    [ingestId, ageMinutes],
  )
  return ingestId
}

test('the janitor starts what no request has started, once, and leaves what is young', async () => {
  const old = await enter('old', 3)
  const young = await enter('young', 0)
  const verbs = createActivities({
    ...testDeps(api),
    workflowStatusOf: (ingestId) => workflowStatusOf(api.client, ingestId),
    startIngest: (ingest) => startUnstarted(api.client, ingest),
  })
  // Behind the ingests of the burst.
  const after = `${api.queue}-c`
  const pass = () => new MockActivityEnvironment().run(verbs.endOrphans, { after })
  const passes = (await Promise.all([pass(), pass()])) as { started: number }[]
  expect(passes.map(({ started }) => started).some((started) => started >= 1)).toBe(true)
  await api.startWorker()
  expect(await api.ended(old, 60_000)).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  const { rows } = await api.db.query('select count(*) as rows from old')
  expect(rows[0].rows).toBe(2)
  expect(await viewWorkflow(api.client, young)).toBeNull()
  expect(await pass()).toMatchObject({ started: 0, orphans: [] })
  // Its request may come again.
  const { spec } = (await api.ask('GET', `/v1/ingests/${young}`)).body
  const { source, target } = spec
  const again = { id: young, source, target, queue: api.queue }
  expect((await api.ask('POST', '/v1/ingests', again)).status).toBe(200)
  expect(await api.ended(young)).toMatchObject({ state: 'completed', rowsLoaded: 2 })
})
