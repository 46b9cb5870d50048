/** Nested values of NDJSON: as JSON, as columns, as arrays, and deeper than anything should be. */
import { expect, test } from 'vitest'
import { anyRejects, build } from '../harness.ts'
import { lines, objectsIn } from './objects.ts'

const harness = await build(anyRejects)
await harness.startWorker()
const { typesOf, textsIn, load } = objectsIn(harness)

test('nested values are jsonb, or columns where they are flattened', async () => {
  const content = lines(
    '{"id":1,"a":{"b":1,"c":{"d":"x"}},"l":[1,2]}',
    '{"id":2,"a":{"b":2,"e":true}}',
    '{"id":3,"a":null}',
    '{"id":4,"a":{"b":3},"a":{"e":false}}',
  )
  await load('plain', { 'a.ndjson': content })
  expect(await typesOf('plain')).toEqual(['id bigint', 'a jsonb', 'l jsonb'])
  expect((await textsIn('plain'))[0]).toEqual(['1', '{"b": 1, "c": {"d": "x"}}', '[1, 2]'])
  await load('flat', { 'a.ndjson': content }, { format: { flatten: 1 } })
  expect(await typesOf('flat')).toEqual([
    'id bigint',
    'a_b bigint',
    'a_c jsonb',
    'l jsonb',
    'a_e boolean',
  ])
  expect(await textsIn('flat')).toEqual([
    ['1', '1', '{"d": "x"}', '[1, 2]', null],
    ['2', '2', null, null, 'true'],
    ['3', null, null, null, null],
    ['4', null, null, null, 'false'],
  ])
  await load('flatter', { 'a.ndjson': content }, { format: { flatten: 2 } })
  expect(await typesOf('flatter')).toContain('a_c_d text')
})

test('lists go into arrays, and any value into a column of JSON', async () => {
  await harness.db.query(
    'create table lists (id int, n int[], t text[], j jsonb[], v jsonb, w json)',
  )
  const view = await load('lists', {
    'a.ndjson': lines(
      '{"id":1,"n":[1,null,3],"t":["a\\"b","c\\\\d\\ne",null,"NULL",""],"j":[{"a":"x\\"y"},[1],"s",2],"v":"text","w":"\\u00e9\\n"}',
      '{"id":2,"n":[[1,2],[3,4]],"t":[],"v":5,"w": {"b":1,  "b":2}}',
      '{"id":3,"n":"{7,8}"}',
      '{"id":4,"n":{"no":"list"}}',
    ),
  })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 3, rowsRejected: 1 })
  const { rows } = await harness.db.query(
    'select n::text, t, j::text, v::text, w::text from lists order by id',
  )
  expect(rows).toEqual([
    {
      n: '{1,NULL,3}',
      t: ['a"b', 'c\\d\ne', null, 'NULL', ''],
      j: '{"{\\"a\\": \\"x\\\\\\"y\\"}",[1],"\\"s\\"",2}',
      v: '"text"',
      w: '"\\u00e9\\n"',
    },
    { n: '{{1,2},{3,4}}', t: [], j: null, v: '5', w: '{"b":1,  "b":2}' },
    { n: '{7,8}', t: null, j: null, v: null, w: null },
  ])
})

test('what is nested very deep is a text, or a reject where it cannot be stored; nothing overflows', async () => {
  const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  const open = `{"a":${'['.repeat(100_000)}`
  const view = await load('deep', { 'a.ndjson': lines('{"a":[1]}', deep, open, '{"a":{}}') })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 3, rowsRejected: 1 })
  expect(await typesOf('deep')).toEqual(['a text'])
  await harness.db.query('create table deep_there (a jsonb)')
  const there = await load('deep_there', { 'a.ndjson': lines('{"a":[1]}', deep, '{"a":{}}') })
  expect(there).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 1 })
})
