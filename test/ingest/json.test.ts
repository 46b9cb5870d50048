/** JSON as people send it: a list, a list within, one object, and documents that break off. */
import { expect, test } from 'vitest'
import { build } from '../harness.ts'
import { lines, objectsIn } from './objects.ts'

const harness = await build({ spec: { rejects: { max: '100%' } } })
await harness.startWorker()
const { typesOf, textsIn, rejectsOf, load } = objectsIn(harness)

test('a list, a list within, and objects one after the other are rows', async () => {
  const rows = ['{"id":1,"name":"a"}', '{"id":2,\n "tags":["x"]}']
  const expected = [
    ['1', 'a', null],
    ['2', null, '["x"]'],
  ]
  const documents = {
    list: [`[${rows.join(', ')}]`, {}],
    within: [`{"n":[{}],"data":{"items":[${rows.join(',')}]},"next":null}`, { at: 'data.items' }],
    following: [rows.join('\n'), {}],
  } as const
  for (const [table, [content, format]] of Object.entries(documents)) {
    const view = await load(table, { 'a.json': content }, { format })
    expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 2, rowsRejected: 0 })
    expect(await typesOf(table)).toEqual(['id bigint', 'name text', 'tags jsonb'])
    expect(await textsIn(table)).toEqual(expected)
  }
  const one = await load('one', { 'a.json': '{\n  "id": 1,\n  "o": {}\n}\n' })
  expect(one).toMatchObject({ state: 'completed', rowsLoaded: 1 })
})

test('a reject has the number of its element', async () => {
  const content = '[{"id":1},\n\n{"id":NaN},[3],"four",{"id":5}]'
  const view = await load('bad', { 'a.json': content })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 3 })
  expect(await rejectsOf(view.ingestId)).toMatchObject([
    { line: 2, code: 'json_invalid', raw: '{"id":NaN}' },
    { line: 3, code: 'json_no_object', raw: '[3]' },
    { line: 4, code: 'json_no_object', raw: '"four"' },
  ])
})

test('a document that breaks off has one reject for that, and its elements before are rows', async () => {
  const open =
    'the document is broken: it ends here, before its list or what is around it is closed'
  const ends: Record<string, object> = {
    '[{"id":1},\n{"id":2': { line: 2, code: 'json_invalid', raw: '{"id":2' },
    '[{"id":1}\n': { line: 2, code: 'json_structure', raw: '', error: open },
    '[{"id":1},': { line: 2, code: 'json_structure', raw: ',', error: open },
    '{"d":[{"id":1}]': { line: 2, code: 'json_structure', raw: ']', error: open },
  }
  for (const [at, [content, reject]] of Object.entries(ends).entries()) {
    const spec = content.startsWith('{') ? { format: { at: 'd' } } : {}
    const view = await load(`broken_${at}`, { 'a.json': content }, spec)
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 1, rowsRejected: 1 })
    expect(await rejectsOf(view.ingestId)).toMatchObject([reject])
    const strict = await load(
      `strict_${at}`,
      { 'a.json': content },
      { ...spec, rejects: { max: 0 } },
    )
    expect(strict).toMatchObject({ state: 'failed', error: { code: 'rejects_over_max' } })
  }
})

test('without an element, or with text behind its end, a document that is broken is an error', async () => {
  for (const [at, content] of ['[', '[,]', '[{"id":1}] x', '[{"id":1}][{"id":2}]'].entries()) {
    const spec = { format: { kind: 'json' } } as const
    const view = await load(`no_document_${at}`, { 'a.json': content }, spec)
    expect(view).toMatchObject({ state: 'failed', error: { code: 'document_broken' } })
  }
  const nowhere = await load('nowhere', { 'a.json': '{"a":[1]}' }, { format: { at: 'b' } })
  expect(nowhere).toMatchObject({ state: 'failed', error: { code: 'not_json' } })
})

test('commas that are missing or too many are rejects; the element behind one can be loaded again', async () => {
  const content = '[,{"id":1} {"id":2},,{"id":3},]'
  const view = await load('commas', { 'a.json': content })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 4 })
  const code = 'json_structure'
  expect(await rejectsOf(view.ingestId)).toMatchObject([
    { line: 1, code, raw: ',', error: expect.stringContaining('without an element in front') },
    { line: 3, code, raw: '{"id":2}', error: expect.stringContaining('no comma in front') },
    { line: 4, code, raw: ',', error: expect.stringContaining('without an element in front') },
    { line: 6, code, raw: '', error: expect.stringContaining('without an element behind') },
  ])
  const following = await load('following_commas', { 'a.json': '{"id":1},\n{"id":2},,\n{"id":3}' })
  expect(following).toMatchObject({ state: 'completed', rowsLoaded: 3, rowsRejected: 1 })
})

test('a list that begins behind the first MiB is found, and read by several units', async () => {
  const { gzipSync } = await import('node:zlib')
  const before = `{"meta":${JSON.stringify(Array(40_000).fill({ items: ['"items":[{"id":0}]', null] }))}`
  const items = Array.from(
    { length: 60_000 },
    (_, at) => `{"id":${at + 1},"text":"${'x'.repeat(90)}"}`,
  )
  const document = `${before},"data":{"items":[${items.join(',\n')}]}}`
  const format = { at: 'data.items' }
  for (const [table, name, content] of [
    ['far', 'a.json', document],
    ['far_packed', 'a.json.gz', gzipSync(document)],
  ] as const) {
    const view = await load(table, { [name]: content }, { format })
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 60_000, rowsRejected: 0 })
    expect(await typesOf(table)).toEqual(['id bigint', 'text text'])
    const { rows } = await harness.db.query(`select sum(id)::int as ids from ${table}`)
    expect(rows).toEqual([{ ids: (60_000 * 60_001) / 2 }])
  }
  const files = { 'a.json': document, 'b.json': '{"data":{"items":[{"text":"y","id":0}]}}' }
  const both = await load('far_and_near', files, { format })
  expect(both).toMatchObject({ state: 'completed', rowsLoaded: 60_001 })
  const other = await load('far_nowhere', { 'a.json': `${before},"data":[]}` }, { format })
  expect(other).toMatchObject({ state: 'failed', error: { code: 'not_json' } })
  const off = await load('far_off', { 'a.json': `${before},"data":{"items"` }, { format })
  expect(off).toMatchObject({ state: 'failed', error: { code: 'not_json' } })
})

test('lists that are packed, and of several files', async () => {
  const { gzipSync } = await import('node:zlib')
  const view = await load('packed', {
    'a.json': '[{"id":1}]',
    'b.json.gz': gzipSync('[{"id":2,"x":1.50}]'),
    'c.json': '[]',
  })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  expect(await textsIn('packed')).toEqual([
    ['1', null],
    ['2', '1.50'],
  ])
  const lined = await load('lined', { 'a.ndjson': gzipSync(lines('{"id":1}', '{"id":2}')) })
  expect(lined).toMatchObject({ state: 'completed', rowsLoaded: 2 })
})
