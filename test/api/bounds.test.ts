/** No list may hold more than memory: pages end early where rows are long, and specs are not there. */
import { expect, test } from 'vitest'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import { buildApi } from './server.ts'

const api = await buildApi()
const pageBytesMax = 4 * 1024 * 1024

/** Specs as large as a request may be. */
async function enterLarge(count: number): Promise<string[]> {
  const path = Array.from({ length: 1000 }, (_, n) => `/data/${String(n).padStart(4000, 'x')}`)
  const spec = fullSpec({ source: { kind: 'directory', path }, target: { table: 't' } })
  const ids = Array.from({ length: count }, (_, n) => `large-${String(n).padStart(3, '0')}`)
  for (const ingestId of ids) await enterIngest(api.db, { ingestId, spec, target: 'public.t' })
  // Tables have up to 1,600 columns, with long names.
  await api.db.query(
    `update sluice.ingests set columns = (
       select jsonb_agg(jsonb_build_object('name', md5(n::text) || repeat('n', 30), 'type', 'text'))
       from generate_series(1, 1600) as n)`,
  )
  return ids
}

async function pages(path: string, key: string, list: string, parameter: string) {
  const all: Record<string, unknown>[][] = []
  for (let after = ''; ; ) {
    const answer = await api.ask('GET', `${path}${after}`)
    expect(answer.status).toBe(200)
    all.push(answer.body[list])
    if (answer.body.next === null) return all
    after = `&${parameter}=${answer.body.next}`
    expect(answer.body[list].at(-1)[key]).toBeDefined()
  }
}

test('a list of ingests with specs of 4 MB', async () => {
  const ids = await enterLarge(60)
  const found = await pages('/v1/ingests?limit=200', 'id', 'ingests', 'before')
  expect(found.length).toBeGreaterThan(1)
  for (const page of found) {
    expect(JSON.stringify(page).length).toBeLessThan(1.5 * pageBytesMax)
    expect(page.every((ingest) => !('spec' in ingest))).toBe(true)
  }
  expect(found.flat().map(({ id }) => id)).toEqual(ids.toReversed())
  const small = await pages('/v1/ingests?limit=7', 'id', 'ingests', 'before')
  expect(small.flat().map(({ id }) => id)).toEqual(ids.toReversed())
  expect(small.slice(0, -1).every((page) => page.length === 7)).toBe(true)
  const one = await api.ask('GET', `/v1/ingests/${ids[0]}`)
  expect(one.body.spec.source.path).toHaveLength(1000)
})

test('the events of an ingest do not repeat its spec', async () => {
  await api.db.query(`update sluice.ingests set state = 'failed', ended_at = now()`)
  const events = await (await fetch(`${api.url}/v1/ingests/large-000/events`)).text()
  expect(events).toMatch(/^event: end\n/)
  expect(events).not.toContain('"spec"')
})

test('rejects of 3 MB each come in pages that memory can hold, and every one comes', async () => {
  await api.db.query(
    `insert into sluice.rejects (ingest_id, unit_no, file_no, file, line, code, error, raw)
     select 'large-001', 0, 0, 'f.csv', n, 'too_many_fields', 'it has too many',
            repeat(md5(n::text), case when n <= 12 then 94000 else 1 end)
     from generate_series(1, 2000) as n`,
  )
  const found = await pages('/v1/ingests/large-001/rejects?limit=10000', 'line', 'rejects', 'after')
  const lines = found.flat().map(({ line }) => line)
  expect(lines).toEqual(Array.from({ length: 2000 }, (_, n) => n + 1))
  for (const page of found) {
    expect(JSON.stringify(page).length).toBeLessThan(2 * pageBytesMax)
  }
  const paged = await pages('/v1/ingests/large-001/rejects?limit=500', 'line', 'rejects', 'after')
  expect(paged.flat()).toHaveLength(2000)
  expect(paged.at(-1)).not.toHaveLength(0)
  const csv = await fetch(`${api.url}/v1/ingests/large-001/rejects?format=csv`)
  const text = await csv.text()
  expect(text.split('\r\n')).toHaveLength(2002)
})

test('an unknown ingest is not there, in every list', async () => {
  for (const list of ['units', 'steps', 'rejects', 'retries', 'events']) {
    expect((await api.ask('GET', `/v1/ingests/nobody/${list}`)).status).toBe(404)
  }
})
