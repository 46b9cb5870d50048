/** Rejects at the API: pages of JSON, and all of them as CSV. */
import { beforeAll, expect, test } from 'vitest'
import { buildApi } from './server.ts'

const api = await buildApi()
beforeAll(() => api.startWorker())

const csv = [
  'id,price,note',
  '1,2.50,ok',
  'x,3.00,"=cmd|\' /C calc\'!A0"',
  '3,n/a,"two\nlines, and ""quotes"""',
  '4,1.00',
  '5,4.00,fine',
  '6,bad,',
].join('\n')

test('pages, and CSV that keeps raw as it was', async () => {
  await api.db.query('create table t (id bigint, price numeric, note text)')
  await api.put('r.csv', csv)
  const source = { kind: 'upload', uploads: ['r.csv'] }
  const { body } = await api.bring({ source, rejects: { max: '100%' }, target: { table: 't' } })
  expect(body).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 4 })

  const path = body.links.rejects
  const all = await api.ask('GET', path)
  expect(all.body.next).toBeNull()
  const places = all.body.rejects.map((each: Record<string, unknown>) => [each.line, each.column])
  expect(places).toEqual([
    [3, 'id'],
    [4, 'price'],
    [6, null],
    [8, 'price'],
  ])
  const first = await api.ask('GET', `${path}?limit=3`)
  const second = await api.ask('GET', `${path}?limit=3&after=${first.body.next}`)
  expect([...first.body.rejects, ...second.body.rejects]).toEqual(all.body.rejects)

  const asked = await fetch(api.url + path, { headers: { accept: 'text/csv' } })
  expect(asked.headers.get('content-type')).toMatch('text/csv')
  expect(asked.headers.get('content-disposition')).toMatch(`filename="${body.id}-rejects.csv"`)
  const text = await asked.text()
  expect(text).toBe(await (await fetch(`${api.url}${path}?format=csv`)).text())
  expect(text.startsWith('file,line,column,code,constraint,error,raw\r\n')).toBe(true)
  const quoted = `"x,3.00,""=cmd|' /C calc'!A0"""`
  expect(text).toContain(quoted)
  expect(text).toContain('"3,n/a,""two\nlines, and """"quotes"""""""')
  expect(text.trimEnd().endsWith('"6,bad,"')).toBe(true)
})

test('refuses a cursor that is none, and knows no rejects of nobody', async () => {
  const { status, body } = await api.ask('GET', '/v1/ingests/nobody/rejects')
  expect([status, body.code]).toEqual([404, 'ingest_not_found'])
  const { ingests } = (await api.ask('GET', '/v1/ingests')).body
  const wrong = await api.ask('GET', `${ingests[0].links.rejects}?after=x`)
  expect([wrong.status, wrong.body.code]).toEqual([400, 'request_invalid'])
})
