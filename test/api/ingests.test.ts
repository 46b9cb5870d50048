/** Ingests at the API: taking them in, showing, listing, steering and following them. */
import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { checkSpec } from '../../src/spec/checkSpec.ts'
import { askAt, buildApi, listen } from './server.ts'

const api = await buildApi()
beforeAll(() => api.startWorker())

const post = (spec: object) => api.ask('POST', '/v1/ingests', { queue: api.queue, ...spec })
const newId = () => `i-${randomBytes(5).toString('hex')}`

async function upload(
  content = 'id,name\n1,a\n2,b\n',
): Promise<{ kind: string; uploads: string[] }> {
  const name = `${newId()}.csv`
  await api.put(name, content)
  return { kind: 'upload', uploads: [name] }
}

test('takes an upload into a new table', async () => {
  const source = await upload()
  const { status, headers, body } = await post({ source, target: { table: 'public."My Trips"' } })
  expect(status).toBe(202)
  expect(body.id).toMatch(/^my-trips-\d{8}-[a-z0-9]{6}$/)
  expect(headers.get('location')).toBe(`/v1/ingests/${body.id}`)
  expect(body).toEqual({
    id: body.id,
    state: 'queued',
    links: {
      self: `/v1/ingests/${body.id}`,
      units: `/v1/ingests/${body.id}/units`,
      rejects: `/v1/ingests/${body.id}/rejects`,
      events: `/v1/ingests/${body.id}/events`,
      ui: `http://ui.test/namespaces/default/workflows/${body.id}`,
    },
  })
  await api.ended(body.id)
  const shown = await api.ask('GET', body.links.self)
  expect(shown.body).toMatchObject({ state: 'completed', rowsRead: 2, rowsLoaded: 2, files: 1 })
  expect(shown.body).toMatchObject({ workflow: null, retrying: [], problem: null, error: null })
  expect(JSON.stringify(shown.body)).not.toContain(new URL(api.databaseUrl).password)
  const units = await api.ask('GET', body.links.units)
  expect(units.body.units).toMatchObject([{ unitNo: 0, rowsRead: 2, lane: 'fast', attempt: 1 }])
})

test('with wait the answer is the result, or comes when the time is over', async () => {
  const ask = (wait: string, spec: object) =>
    api.ask('POST', `/v1/ingests?wait=${wait}`, { queue: api.queue, ...spec })
  const spec = { id: newId(), source: await upload(), target: { table: 'public.awaited' } }
  const done = await ask('60s', spec)
  expect(done).toMatchObject({ status: 200, body: { id: spec.id, state: 'completed' } })
  expect(done.body).toMatchObject({ rowsLoaded: 2, error: null, spec: { format: {} } })
  expect(done.headers.get('location')).toBe(`/v1/ingests/${spec.id}`)
  // Over already: asked again, it is answered at once.
  expect((await ask('60s', spec)).body).toEqual(done.body)
  // One that fails has ended as well.
  const failing = { source: await upload(), target: { table: 'nowhere.t' } }
  const failed = await ask('60s', failing)
  expect(failed).toMatchObject({ status: 200, body: { state: 'failed' } })
  expect(failed.body.error.code).toBe('schema_missing')

  const unserved = { ...spec, id: newId(), queue: `${api.queue}-nobody`, source: await upload() }
  const late = await ask('1s', unserved)
  expect([late.status, late.body.state]).toEqual([202, 'queued'])
  expect(Object.keys(late.body)).toEqual(['id', 'state', 'links'])
  for (const wait of ['0s', '61s', '10', 'x']) expect((await ask(wait, spec)).status).toBe(400)
  await api.ask('POST', `/v1/ingests/${unserved.id}/cancel`)
})

test('an id whose ledger row somebody deleted is refused, not left to wait for ever', async () => {
  const spec = { id: newId(), source: await upload(), target: { table: 'public.used' } }
  await post(spec)
  await api.ended(spec.id)
  await api.client.workflow.getHandle(spec.id).result()
  await api.db.query('delete from sluice.ingests where ingest_id = $1', [spec.id])
  const again = await post(spec)
  expect([again.status, again.body.code]).toEqual([409, 'ingest_id_used'])
})

test('the same id and spec is the same ingest, another spec is refused', async () => {
  const spec = { id: newId(), source: await upload(), target: { table: 'public.same' } }
  expect((await post(spec)).status).toBe(202)
  await api.ended(spec.id)
  // Its upload may be gone by then.
  await api.ask('DELETE', `/v1/uploads/${spec.source.uploads[0]}`)
  const again = await post(spec)
  expect([again.status, again.body.state]).toEqual([200, 'completed'])
  const other = await post({ ...spec, target: { table: 'public.other' } })
  expect([other.status, other.body.code]).toEqual([409, 'ingest_conflict'])
  const { rows } = await api.db.query('select count(*) from public.same')
  expect(rows[0].count).toBe(2)
})

test('the queue ingest, when it is named, is another spec than no queue', async () => {
  const spec = { source: await upload(), target: { table: 'public.queued' } }
  const ask = (more: object) => api.ask('POST', '/v1/ingests', { ...spec, ...more })
  for (const [first, second] of [
    [{ queue: 'ingest' }, {}],
    [{}, { queue: 'ingest' }],
  ]) {
    const id = newId()
    expect((await ask({ id, ...first })).status).toBe(202)
    expect((await ask({ id, ...first })).status).toBe(200)
    const other = await ask({ id, ...second })
    expect([other.status, other.body.code]).toEqual([409, 'ingest_conflict'])
  }
})

test('many at once with one id load once', async () => {
  const spec = { id: newId(), source: await upload(), target: { table: 'public.once' } }
  const answers = await Promise.all(Array.from({ length: 8 }, () => post(spec)))
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(7)
  await api.ended(spec.id)
  const { rows } = await api.db.query('select count(*) from public.once')
  expect(rows[0].count).toBe(2)
})

test('starts an ingest whose API died before it could', async () => {
  const source = (await upload()) as never
  const spec = { id: newId(), queue: api.queue, source, target: { table: 'public.revived' } }
  const { full } = checkSpec(spec)
  await enterIngest(api.db, { ingestId: spec.id, spec: full, target: 'public.revived' })
  expect((await post(spec)).status).toBe(200)
  expect((await api.ended(spec.id)).state).toBe('completed')
})

test('says what is wrong with a spec', async () => {
  const source = await upload()
  const target = { table: 'public.t' }
  const cases: [object, string, string][] = [
    [{}, 'spec_invalid', 'it lacks source'],
    [
      { source: { kind: 'ftp' }, target },
      'spec_invalid',
      'source.kind must be one of "upload", "d',
    ],
    [{ source: { kind: 'upload' }, target }, 'spec_invalid', 'source lacks uploads'],
    [
      { source, target: { ...target, mode: 'upsert' } },
      'spec_invalid',
      'target.mode must be one of',
    ],
    [{ source, target, sauce: 1 }, 'spec_invalid', 'sauce is not known here'],
    [{ source, target, rejects: { max: '200%' } }, 'spec_invalid', 'at most 100%'],
    [{ source, target, rejects: { max: 'x' } }, 'spec_invalid', 'rejects.max does not fit'],
    [{ source, target, parallelism: '8' }, 'spec_invalid', 'parallelism must be an integer'],
    [{ source, target: { ...target, mode: 'replace', atomic: false } }, 'spec_invalid', 'append'],
    [{ source, target, format: { delimiter: '"' } }, 'dialect_invalid', 'are the same'],
    [{ source, target, format: { delimiter: '\n' } }, 'dialect_invalid', 'line end'],
    [{ source, target, format: { encoding: 'utf-99' } }, 'encoding_unknown', 'utf-99'],
    [
      { source, target, format: { decimal: ',', thousands: ',' } },
      'dialect_invalid',
      '`--decimal` and `--thousands` are both ","',
    ],
    [{ source, target: { table: 'a;drop table b' } }, 'table_name_invalid', 'double quotes'],
    [{ source, target: { table: 'PG_Catalog."pg_authid"', atomic: false } }, 'target_reserved', ''],
    [{ source, target: { table: 'sluice.ingests' } }, 'target_reserved', 'ledger'],
    [{ source: { kind: 'upload', uploads: ['a', 'a'] }, target }, 'spec_invalid', 'twice'],
    [{ source, target, id: '../x' }, 'spec_invalid', 'id does not fit'],
  ]
  for (const [spec, code, text] of cases) {
    const { status, headers, body } = await post(spec)
    expect([status, body.code, body.detail]).toEqual([400, code, expect.stringContaining(text)])
    expect(headers.get('content-type')).toMatch('application/problem+json')
    expect(Object.keys(body)).toEqual([
      ...['type', 'title', 'status', 'detail', 'code', 'hint', 'instance'],
    ])
  }
  const missing = await post({ source: { kind: 'upload', uploads: ['nope.csv'] }, target })
  expect([missing.status, missing.body.code]).toEqual([404, 'upload_not_found'])
  const { rows } = await api.db.query(`select from sluice.ingests where target = 'public.t'`)
  expect(rows).toEqual([])
})

test('lists by page and state, the newest first', async () => {
  const source = await upload()
  for (const table of ['l1', 'l2', 'l3']) await api.bring({ source, target: { table } })
  const first = await api.ask('GET', '/v1/ingests?limit=2')
  const tables = first.body.ingests.map((ingest: { target: string }) => ingest.target)
  expect(tables).toEqual(['public.l3', 'public.l2'])
  const second = await api.ask('GET', `/v1/ingests?limit=1&before=${first.body.next}`)
  expect(second.body.ingests[0].target).toBe('public.l1')
  expect((await api.ask('GET', '/v1/ingests?state=paused')).body).toEqual({
    ingests: [],
    next: null,
  })
  for (const query of ['limit=0', 'limit=x', 'state=lost', 'foo=1', 'before=..']) {
    const { status, body } = await api.ask('GET', `/v1/ingests?${query}`)
    expect([query, status, body.code]).toEqual([query, 400, 'request_invalid'])
  }
})

test('steers an ingest that no worker has yet, and ends one without a workflow', async () => {
  const spec = { id: newId(), queue: 'nobody', source: await upload(), target: { table: 'q1' } }
  await post(spec)
  const at = `/v1/ingests/${spec.id}`
  for (const verb of ['pause', 'resume']) {
    const { status, body } = await api.ask('POST', `${at}/${verb}`)
    expect([status, body.workflow.status]).toEqual([202, 'RUNNING'])
  }
  await api.client.workflow.getHandle(spec.id).terminate('by hand')
  const lost = await api.ask('GET', at)
  expect(lost.body.state).toBe('queued')
  expect(lost.body.workflow.status).toBe('TERMINATED')
  expect(lost.body.problem).toMatch('TERMINATED')
  const paused = await api.ask('POST', `${at}/pause`)
  expect([paused.status, paused.body.code]).toEqual([409, 'ingest_ended'])
  const cancelled = await api.ask('POST', `${at}/cancel`)
  expect([cancelled.status, cancelled.body.state]).toEqual([200, 'cancelled'])
  const again = await api.ask('POST', `${at}/cancel`)
  expect([again.status, again.body.code]).toEqual([409, 'ingest_ended'])
  const unknown = await api.ask('POST', '/v1/ingests/nobody/cancel')
  expect([unknown.status, unknown.body.code]).toEqual([404, 'ingest_not_found'])
})

test('follows an ingest to its end', async () => {
  const { body } = await post({ source: await upload(), target: { table: 'followed' } })
  const answer = await fetch(api.url + body.links.events)
  expect(answer.headers.get('content-type')).toMatch('text/event-stream')
  const events = (await answer.text()).trim().split('\n\n')
  const parsed = events.map((event) => /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [])
  expect(parsed.at(-1)?.[1]).toBe('end')
  expect(JSON.parse(parsed.at(-1)?.[2] ?? '')).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  expect(parsed.slice(0, -1).every(([, name]) => name === 'progress')).toBe(true)
  const late = await fetch(api.url + body.links.events)
  expect((await late.text()).split('\n')[0]).toBe('event: end')
  expect((await api.ask('GET', '/v1/ingests/nobody/events')).status).toBe(404)
})

test('without Temporal the ledger still answers, and nothing is taken in', async () => {
  const ask = askAt(await listen(api, { isTemporalAway: true }))
  const id = newId()
  const spec = { queue: 'nobody', source: await upload(), target: { table: 'away' } }
  await post({ ...spec, id })
  const [view, ready, refused] = await Promise.all([
    ask('GET', `/v1/ingests/${id}`),
    ask('GET', '/readyz'),
    ask('POST', '/v1/ingests', spec),
  ])
  expect([view.status, view.body.state, view.body.workflow]).toEqual([200, 'queued', null])
  expect([ready.status, ready.body.code]).toEqual([503, 'temporal_unavailable'])
  expect([refused.status, refused.body.code]).toEqual([503, 'temporal_unavailable'])
  const { rows } = await api.db.query(
    `select state from sluice.ingests where target = 'public.away' order by created_at`,
  )
  // Nobody knows the id of the second one, so it must never start.
  expect(rows.map(({ state }) => state)).toEqual(['queued', 'failed'])
  await api.ask('POST', `/v1/ingests/${id}/cancel`)
})

test('a directory source asks for the token where there is one, an upload does not', async () => {
  const url = await listen(api, { token: 'secret-token' })
  const at = `${url}/v1/ingests`
  const send = (spec: object, authorization?: string) =>
    fetch(at, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
      body: JSON.stringify({ queue: api.queue, target: { table: 'public.tokened' }, ...spec }),
    })
  const path = await api.file('own.csv', 'a\n1\n')
  const source = { kind: 'directory', path }
  for (const wrong of [
    undefined,
    'Bearer',
    'Bearer secret',
    'Basic secret-token',
    'secret-token',
  ]) {
    const answer = await send({ source }, wrong)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    const { code, detail, hint } = (await answer.json()) as Record<string, string>
    expect([code, detail]).toEqual(['token_missing', expect.stringContaining('token of that user')])
    expect(hint).toMatch(/--upload.*up\.json/)
  }
  const { rowCount } = await api.db.query(`select from sluice.ingests where target ~ 'tokened'`)
  expect(rowCount).toBe(0)
  for (const [spec, authorization] of [
    [{ source }, 'Bearer secret-token'],
    [{ source: await upload(), target: { table: 'public.untokened' } }, undefined],
  ] as const) {
    const answer = await send(spec, authorization)
    expect(answer.status).toBe(202)
    const { id } = (await answer.json()) as { id: string }
    expect(await api.ended(id)).toMatchObject({ state: 'completed' })
  }
})
