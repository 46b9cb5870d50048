/** NDJSON as people send it: keys, types, defaults, and lines that are none. */
import { expect, test } from 'vitest'
import { anyRejects, build } from '../harness.ts'
import { lines, objectsIn } from './objects.ts'

const harness = await build(anyRejects)
await harness.startWorker()
const { typesOf, textsIn, rejectsOf, load } = objectsIn(harness)

test('numbers stay as they are written, and JSON says what is a text', async () => {
  const view = await load('exact', {
    'a.ndjson': lines(
      '{"id":9007199254740993,"n":0.1000000000000000055511151231257827,"e":1e400,"t":"1","b":true,"d":"2024-01-31","at":"2024-01-31T10:20:30.123456Z","u":"7d444840-9dc0-11d1-b245-5ffdce74fad2","o":{"b": 1, "a": [1.0, 123456789012345678901234567890.5]}}',
      '{"id":12345678901234567890123456789012345678,"n":1.50,"e":-2.5E-3,"t":"x","b":false,"d":"2024-02-29","at":"2024-01-31T10:20:31Z","u":"7d444840-9dc0-11d1-b245-5ffdce74fad3","o":[]}',
    ),
  })
  expect(view).toMatchObject({ state: 'completed', rowsRead: 2, rowsLoaded: 2, rowsRejected: 0 })
  expect(await typesOf('exact')).toEqual([
    'id numeric',
    'n numeric',
    'e numeric',
    't text',
    'b boolean',
    'd date',
    'at timestamp with time zone',
    'u uuid',
    'o jsonb',
  ])
  const [first, second] = await textsIn('exact', 't.id')
  expect(first?.slice(0, 2)).toEqual(['9007199254740993', '0.1000000000000000055511151231257827'])
  expect(first?.[2]).toBe(`1${'0'.repeat(400)}`)
  expect(first?.slice(3, 5)).toEqual(['1', 'true'])
  expect(first?.[8]).toBe('{"a": [1.0, 123456789012345678901234567890.5], "b": 1}')
  expect(second?.slice(0, 3)).toEqual(['12345678901234567890123456789012345678', '1.50', '-0.0025'])
})

test('a bad line is one reject with its place and its raw text, whatever is wrong with it', async () => {
  const bad = {
    '{"id":2}x': 'json_invalid',
    '{"id":NaN}': 'json_invalid',
    '{"id":02}': 'json_invalid',
    '{"id":2,}': 'json_invalid',
    '{"id":2': 'json_invalid',
    '{"id" 2}': 'json_invalid',
    "{'id':2}": 'json_invalid',
    '{"id":2,"s":"\\x"}': 'json_invalid',
    '{"id":2,"s":"a\tb"}': 'json_invalid',
    '{"id":2}{"id":3}': 'json_invalid',
    'id: 2': 'json_invalid',
    '{"id":2,"s":"\\u0000"}': 'json_character',
    '{"id":2,"s":"\\ud83d"}': 'json_character',
    '{"id":2,"s":"\\ude00\\ud83d"}': 'json_character',
    '{"id":2,"s":{"in":["\\ud83dx"]}}': 'json_character',
    '[1,2]': 'json_no_object',
    ' 17': 'json_no_object',
    '"text"': 'json_no_object',
    null: 'json_no_object',
    '{"id":"two"}': '22P02',
    '{"id":[2]}': '22P02',
  }
  await harness.db.query('create table bad (id int, s text)')
  const good = (id: number) => `{"id":${id},"s":"\\ud83d\\ude00\\n"}`
  const all = [good(1), '', ...Object.keys(bad), '  ', good(9)]
  const view = await load('bad', { 'a.jsonl': `\ufeff${all.join('\r\n')}` })
  const count = Object.keys(bad).length
  expect(view).toMatchObject({
    state: 'completed',
    rowsRead: count + 2,
    rowsLoaded: 2,
    rowsRejected: count,
  })
  const found = await rejectsOf(view.ingestId)
  expect(found.map(({ line, code, raw }) => [line, code, raw])).toEqual(
    Object.entries(bad).map(([raw, code], at) => [at + 3, code, raw]),
  )
  expect(found[0]?.error).toBe('no valid JSON: text follows the value at character 9, near "x"')
  expect(found.find(({ raw }) => raw === '[1,2]')?.error).toBe('a list in place of an object')
  expect(await textsIn('bad')).toEqual([
    ['1', '😀\n'],
    ['9', '😀\n'],
  ])
})

test('a key that comes twice: the last one counts, however it is written', async () => {
  await load('twice', {
    'a.ndjson': lines('{"a":1,"b":2,"a":3}', '{"\\u0061":4,"b":5}', '{"b":7,"a":6}'),
  })
  expect(await textsIn('twice')).toEqual([
    ['3', '2'],
    ['4', '5'],
    ['6', '7'],
  ])
})

test('keys that come later are columns of a new table', async () => {
  const many = Array.from({ length: 3000 }, (_, at) => `{"id":${at}}`)
  const view = await load('later', { 'a.ndjson': lines(...many, '{"id":3000,"Late Key":"x"}') })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 3001, rowsRejected: 0 })
  expect(await typesOf('later')).toEqual(['id bigint', 'late_key text'])
  expect(await textsIn('later', 't.id desc limit 1')).toEqual([['3000', 'x']])
})

test('what a table has no column for: rejects that name the key, or columns with evolve', async () => {
  const content = lines('{"ID":1,"name":"a"}', '{"ID":2,"nmae":"b"}', '{"ID":3,"name":"c"}')
  for (const schema of ['freeze', 'evolve'] as const) {
    const table = `known_${schema}`
    await harness.db.query(`create table ${table} (id int not null, name text)`)
    const view = await load(table, { 'a.ndjson': content }, { target: { schema } })
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: schema === 'evolve' ? 3 : 2 })
    if (schema === 'evolve') expect(await typesOf(table)).toContain('nmae text')
    else {
      expect(await rejectsOf(view.ingestId)).toMatchObject([
        { line: 2, code: 'key_unknown', column: 'nmae', raw: '{"ID":2,"nmae":"b"}' },
      ])
    }
  }
  const view = await load('known_freeze', { 'b.ndjson': lines('{"id":1,"other":2}') })
  expect(view).toMatchObject({ state: 'failed', error: { code: 'column_unknown' } })
})

test('a frozen new table has the keys of the first records; others are rejects', async () => {
  const many = Array.from({ length: 3000 }, (_, at) => `{"id":${at}}`)
  const content = lines(...many, '{"id":3000,"late":"x"}')
  const view = await load('frozen', { 'a.ndjson': content }, { target: { schema: 'freeze' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 3000, rowsRejected: 1 })
  expect(await rejectsOf(view.ingestId)).toMatchObject([
    { line: 3001, code: 'key_unknown', column: 'late' },
  ])
})

for (const atomic of [true, false]) {
  test(`absent is the default of the column, and null is NULL; atomic: ${atomic}`, async () => {
    const table = `presets_${atomic}`
    await harness.db.query(
      `create table ${table} (id serial primary key, a text default 'preset', b int not null default 7, c text)`,
    )
    const content = lines(
      '{"a":"x","b":1,"c":"\\\\D"}',
      '{"b":2}',
      '{"a":null,"c":"\\\\N"}',
      '{"b":null}',
      '{"id":50,"a":"\\\\D"}',
    )
    const view = await load(table, { 'a.ndjson': content }, { target: { atomic } })
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 4, rowsRejected: 1 })
    expect((await textsIn(table, 't.id')).map(([, ...rest]) => rest)).toEqual([
      ['x', '1', '\\D'],
      ['preset', '2', null],
      [null, '7', '\\N'],
      ['\\D', '7', null],
    ])
    expect(await rejectsOf(view.ingestId)).toMatchObject([{ line: 4, code: '23502', column: 'b' }])
  })
}

test('one odd value makes a column text, and is told; with freeze it is a reject', async () => {
  const many = Array.from({ length: 40 }, (_, at) => `{"n":${at}}`)
  const content = lines(...many, '{"n":"1"}')
  const view = await load('odd', { 'a.ndjson': content })
  expect(await typesOf('odd')).toEqual(['n text'])
  const [note] = view.notes ?? []
  expect(note).toMatchObject({ code: 'column_became_text', value: '1' })
  expect(note?.hint).not.toMatch(/--(null|header|comment|repeated-headers|skip)/)
  const frozen = await load(
    'odd_frozen',
    { 'a.ndjson': lines(...many, '{"n":"x"}') },
    { target: { schema: 'freeze' } },
  )
  expect(frozen).toMatchObject({ state: 'completed', rowsLoaded: 40, rowsRejected: 1 })
})

test('a zero with a minus is not loaded as 0', async () => {
  const content = lines('{"n":1,"d":1.5,"e":1e2}', '{"n":-0,"d":-0.0,"e":-0e1}')
  await load('minus', { 'a.ndjson': content })
  expect(await typesOf('minus')).toEqual(['n text', 'd text', 'e text'])
  const { rows } = await harness.db.query('select n, d, e from minus order by n desc')
  expect(rows).toEqual([
    { n: '1', d: '1.5', e: '1e2' },
    { n: '-0', d: '-0.0', e: '-0e1' },
  ])
})

test('other encodings, and files of several key orders share a table', async () => {
  const view = await load('mixed', {
    'a.ndjson': lines('{"id":1,"name":"ä"}'),
    'b.ndjson': Buffer.from(
      `\ufeff${lines('{"name":"ö","id":2}', '{"id":3,"x":true}')}`,
      'utf16le',
    ),
    'c.ndjson': lines('{}', '{"id":4,"y":"\\t"}'),
  })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 5, rowsRejected: 0 })
  expect(await textsIn('mixed')).toEqual([
    ['1', 'ä', null, null],
    ['2', 'ö', null, null],
    ['3', null, 'true', null],
    ['4', null, null, '\t'],
    [null, null, null, null],
  ])
  const latin = await load(
    'latin',
    { 'a.ndjson': Buffer.from(lines('{"a":"é"}'), 'latin1') },
    { format: { encoding: 'latin1' } },
  )
  expect(latin).toMatchObject({ state: 'completed', rowsLoaded: 1 })
  expect(await textsIn('latin')).toEqual([['é']])
  const cities = lines('{"city":"Köln"}', '{"city":"Århus"}', '{"city":"Zürich","x":[]}')
  const guessed = await load('guessed', { 'a.jsonl': Buffer.from(cities, 'latin1') })
  expect(guessed).toMatchObject({ state: 'completed', rowsLoaded: 3, rowsRejected: 0 })
  expect(guessed.notes.map(({ code }) => code)).toContain('encoding_guessed')
  expect((await textsIn('guessed')).map(([city]) => city)).toEqual(['Köln', 'Zürich', 'Århus'])
})

test('files of several formats are an error that lists them, unless the spec says which to take', async () => {
  const contents = {
    'a.csv': 'id,name\n1,a\n',
    'b.ndjson': lines('{"id":2,"name":"b"}', '{"id":3}'),
  }
  const view = await load('both', contents)
  expect(view).toMatchObject({ state: 'failed', error: { code: 'formats_mixed' } })
  expect(view.error?.message).toMatch(/a\.csv is csv, .*b\.ndjson is ndjson/)
  const path = `${harness.folder}/both-*`
  const only = await harness.ingest({
    source: { kind: 'directory', path },
    format: { kind: 'ndjson' },
    target: { table: 'both' },
  })
  expect(only).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  expect(only.notes?.map(({ code }) => code)).toContain('files_left_out')
})

test('more keys than a table has columns is an error that says so', async () => {
  const keys = Array.from({ length: 100_000 }, (_, at) => `"k${at}":1`)
  const view = await load('wide', { 'a.ndjson': lines('{"a":1}', `{${keys.join(',')}}`) })
  expect(view).toMatchObject({ state: 'failed', error: { code: 'columns_too_many' } })
})
