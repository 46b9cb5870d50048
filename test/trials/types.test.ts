/** Types that are guessed never cost a row or a part of a value: the trials, and more of their kind. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { IngestSpec } from '../../src/spec/spec.ts'
import { build } from '../harness.ts'

const harness = await build()
await harness.startWorker()

let made = 0

/** Loads a text or a trial into a new table: its types, its values as text, and what was told. */
async function load(content: string, more: Partial<IngestSpec> = {}) {
  const isTrial = !content.includes('\n')
  const bytes = isTrial ? await readFile(join(import.meta.dirname, content)) : content
  const table = `t${++made}`
  const path = await harness.file(isTrial ? content : `${table}.csv`, bytes)
  const target = { table, ...more.target }
  const view = await harness.ingest({ source: { kind: 'directory', path }, ...more, target })
  const columns = (view.columns ?? []).map(({ name, type }) => `${name} ${type}`)
  if (view.error) return { view, columns, rows: [], notes: view.notes }
  const names = (view.columns ?? []).map(({ name }) => `"${name}"::text`)
  const { rows } = await harness.db.query({
    text: `select ${names.join(', ')} from ${table} order by ctid`,
    rowMode: 'array',
  })
  const notes = view.notes.map(({ code, column, line, value, count }) => [
    code,
    column,
    line,
    value,
    count,
  ])
  return { view, columns, rows, notes }
}

async function valuesOf(trial: string): Promise<string[][]> {
  const text = await readFile(join(import.meta.dirname, trial), 'utf8')
  const lines = text.trimEnd().split('\n').slice(1)
  return lines.map((line) => line.split(','))
}

test.each([
  ['zip-leading-zero-after-row-250.csv', ['id bigint', 'zip text']],
  ['time-after-row-250.csv', ['id bigint', 'seen text']],
  ['offset-after-row-250.csv', ['id bigint', 'ts text']],
  ['part-number-with-e.csv', ['part text', 'qty bigint']],
])('%s: every value is as it was written', async (trial, types) => {
  const { view, columns, rows } = await load(trial)
  expect(view).toMatchObject({ state: 'completed', rowsRejected: 0 })
  expect(columns).toEqual(types)
  expect(rows).toEqual(await valuesOf(trial))
})

test('a zero with a minus stays one, and is told', async () => {
  // In plain records, and in one that is looked at by itself.
  const many = Array.from({ length: 40 }, (_, at) => `${at},${at}.5,"{""a"":${at}}"`)
  const odd = ['-0,-0.00,"{""a"":-0}"', '"-0","-.0","{""a"": -0.0}"']
  const { columns, rows, notes } = await load(['n,d,j', ...many, ...odd, ''].join('\n'))
  expect(columns).toEqual(['n text', 'd text', 'j json'])
  expect(rows.slice(-2)).toEqual([
    ['-0', '-0.00', '{"a":-0}'],
    ['-0', '-.0', '{"a": -0.0}'],
  ])
  expect(notes).toEqual([
    ['column_became_text', 'n', 42, '-0', 2],
    ['column_became_text', 'd', 42, '-0.00', 2],
  ])
})

test('bigint-mixed-scientific.csv: every digit stays', async () => {
  const { columns, rows } = await load('bigint-mixed-scientific.csv')
  expect(columns).toEqual(['id numeric', 'text text'])
  expect(rows).toEqual([
    ['135217135789158401', 'a'],
    ['135217135700000', 'b'],
  ])
})

test('json-duplicate-keys.csv: a key that comes twice stays twice', async () => {
  const { columns, rows } = await load('json-duplicate-keys.csv')
  expect(columns).toEqual(['id bigint', 'j json'])
  expect(rows).toEqual([['1', '{"a":1.0,"a":2,"b":1e2}']])
})

test('one-bad-value-after-row-250.csv: n/a is NULL, and it is told', async () => {
  const { view, columns, rows, notes } = await load('one-bad-value-after-row-250.csv')
  expect(view).toMatchObject({ rowsLoaded: 300, rowsRejected: 0 })
  expect(columns).toEqual(['id bigint', 'amount numeric'])
  expect(rows[260]).toEqual(['260', null])
  expect(rows[261]).toEqual(['261', '261.50'])
  expect(notes).toEqual([['null_words', 'amount', 262, 'n/a', 1]])
  expect(view.notes[0]?.hint).toContain('--null n/a')
})

test('null-word-number.csv: NULL is NULL, and the flag is named', async () => {
  const { view, columns, rows } = await load('null-word-number.csv')
  expect(columns).toEqual(['id bigint', 'amount bigint'])
  expect(rows).toEqual([
    ['1', '10'],
    ['2', null],
    ['3', '30'],
  ])
  expect(view.notes[0]?.hint).toContain('--null NULL')
})
