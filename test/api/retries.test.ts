/** Retries at the API: rejects that are loaded after all, and what cannot be. */
import { beforeAll, expect, test } from 'vitest'
import { until } from '../harness.ts'
import { type Answer, buildApi } from './server.ts'

const api = await buildApi()
beforeAll(() => api.startWorker())

const csv = 'id,note\n1,a\nx,"b\nc"\n3,c\ny,d\n'

async function bring(table: string, spec: object = {}): Promise<Answer> {
  await api.put(`${table}.csv`, csv)
  const source = { kind: 'upload', uploads: [`${table}.csv`] }
  return api.bring({ id: table, source, target: { table }, ...spec })
}

async function ended(path: string): Promise<Answer> {
  let answer: Answer | null = null
  const over = async () => {
    answer = await api.ask('GET', path)
    return answer.body.state !== 'running'
  }
  await until(over, { what: path })
  return answer as unknown as Answer
}

test('export, correct, send, load: the ingest, its rejects and its retries say so', async () => {
  await api.db.query('create table mended (id int, note text)')
  expect((await bring('mended')).body).toMatchObject({ rowsLoaded: 2, rowsRejected: 2 })
  const path = '/v1/ingests/mended'
  const text = await (await fetch(`${api.url}${path}/rejects?format=csv`)).text()
  await api.put('fixed.csv', text.replace('"x,""b', '"2,""b'))
  const asked = await api.ask('POST', `${path}/retry-rejects`, { upload: 'fixed.csv' })
  expect(asked.status).toBe(202)
  expect(asked.body).toMatchObject({ ingest: 'mended', id: expect.stringMatching(/^retry-1-/) })
  expect(asked.headers.get('location')).toBe(asked.body.links.self)
  const done = await ended(asked.body.links.self)
  expect(done.body).toMatchObject({
    state: 'completed',
    upload: 'fixed.csv',
    rowsTried: 2,
    rowsLoaded: 1,
    rowsRejected: 1,
    rowsOpen: 1,
    error: null,
  })
  const view = await api.ask('GET', path)
  expect(view.body).toMatchObject({ rowsLoaded: 3, rowsRejected: 1, rowsReloaded: 1 })
  const open = await api.ask('GET', `${path}/rejects`)
  expect(open.body.rejects).toMatchObject([{ line: 6, raw: 'y,d', loadedAt: null }])
  const all = await api.ask('GET', `${path}/rejects?all=true`)
  const { id } = asked.body
  expect(all.body.rejects).toMatchObject([
    { line: 3, raw: 'x,"b\nc"', loadedAt: expect.stringMatching(/Z$/), retryId: id },
    { line: 6, raw: 'y,d', loadedAt: null, retryId: id },
  ])
  const allCsv = await (await fetch(`${api.url}${path}/rejects?format=csv&all=true`)).text()
  expect(allCsv.split('\r\n')[0]).toBe('file,line,column,code,constraint,error,raw,loaded_at')
  const { body } = await api.ask('GET', `${path}/retries`)
  expect(body.retries).toEqual([done.body])
  const { rows } = await api.db.query('select id, note from mended where id = 2')
  expect(rows).toEqual([{ id: 2, note: 'b\nc' }])
})

test('the same wish twice is one retry; a failed one can be wished for again', async () => {
  await api.db.query('create table twice (id int, note text)')
  await bring('twice')
  await api.db.query('alter table twice rename note to words')
  const path = '/v1/ingests/twice/retry-rejects'
  const failed = await ended((await api.ask('POST', path, {})).body.links.self)
  expect(failed.body).toMatchObject({ state: 'failed', rowsLoaded: 0 })
  expect(failed.body.error).toMatchObject({ code: 'target_changed', hint: expect.any(String) })
  await api.db.query('alter table twice rename words to note; alter table twice alter id type text')
  const both = await Promise.all([api.ask('POST', path, {}), api.ask('POST', path, {})])
  const done = await Promise.all(
    both.filter(({ status }) => status === 202).map(({ body }) => ended(body.links.self)),
  )
  expect(done[0]?.body).toMatchObject({ id: 'retry-1', state: 'completed', rowsLoaded: 2 })
  const { rows } = await api.db.query('select count(*) as rows from twice')
  expect(rows[0].rows).toBe(4)
  const none = await api.ask('POST', path, {})
  expect([none.status, none.body.code]).toEqual([409, 'rejects_none_open'])
})

test('what is not published, not over or not there is refused', async () => {
  await api.db.query('create table stern (id int, note text)')
  await bring('stern', { rejects: { max: 0 } })
  await api.ask('POST', '/v1/ingests', {
    id: 'not-served-yet',
    queue: 'nobody-serves-this',
    source: { kind: 'upload', uploads: ['stern.csv'] },
    target: { table: 'stern' },
  })
  const refused = async (id: string, body: object) => {
    const answer = await api.ask('POST', `/v1/ingests/${id}/retry-rejects`, body)
    return [answer.status, answer.body.code]
  }
  expect(await refused('stern', {})).toEqual([409, 'retry_unpublished'])
  expect(await refused('not-served-yet', {})).toEqual([409, 'retry_too_early'])
  expect(await refused('nobody', {})).toEqual([404, 'ingest_not_found'])
  await api.db.query('create table open_one (id int, note text)')
  await bring('open_one')
  expect(await refused('open_one', { upload: 'gone.csv' })).toEqual([404, 'upload_not_found'])
  expect(await refused('open_one', { from: 'x' })).toEqual([400, 'request_invalid'])
  const unknown = await api.ask('GET', '/v1/ingests/open_one/retries/retry-9')
  expect([unknown.status, unknown.body.code]).toEqual([404, 'retry_not_found'])
  const taken = await api.ask('POST', '/v1/ingests', {
    id: 'open_one.retry-1',
    source: { kind: 'upload', uploads: ['stern.csv'] },
    target: { table: 'stern' },
  })
  expect([taken.status, taken.body.code]).toEqual([400, 'spec_invalid'])
})
