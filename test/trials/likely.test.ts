/** Rejects of an ingest that goes on: a note names the flag, and with it nothing is rejected. */
import { expect, test } from 'vitest'
import type { IngestSpec } from '../../src/spec/spec.ts'
import { build } from '../harness.ts'

const harness = await build()
await harness.startWorker()

let count = 0

async function load(content: string, create: string | null, format: IngestSpec['format'] = {}) {
  const table = `t${++count}`
  if (create) await harness.db.query(`create table ${table} (${create})`)
  const path = await harness.file(`${table}.csv`, content)
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table },
    format,
    rejects: { max: '100%' },
  })
  const { rows } = await harness.db.query(`select * from ${table}`)
  const hints = view.notes
    .filter(({ code }) => code === 'rejects_likely' || code === 'column_became_text')
    .map(({ hint }) => hint)
  const { state, ingestId } = view
  return {
    state,
    ingestId,
    rows: rows.map((row) => Object.values(row).join()),
    hint: hints.join(' '),
  }
}

const numbers = Array.from({ length: 20 }, (_, at) => `${at},${at}.5`)
const typed = 'id bigint, amount numeric, ok boolean'

const lines = (...texts: string[]) => `${texts.join('\n')}\n`

interface Case {
  what: string
  content: string
  flag: string
  format: NonNullable<IngestSpec['format']>
  rows: number
}

test.each<Case>([
  {
    what: 'a header that comes again',
    content: 'id,amount\n1,2\nid,amount\n3,4\n',
    flag: '--repeated-headers reject',
    format: { repeatedHeaders: 'reject' },
    rows: 2,
  },
  {
    what: 'comments',
    content: lines('id,amount', ...numbers, '# a remark'),
    flag: "--comment '#'",
    format: { comment: '#' },
    rows: 20,
  },
  {
    what: 'comments of two characters',
    content: lines('id,amount', ...numbers, '// a remark'),
    flag: "--comment '//'",
    format: { comment: '//' },
    rows: 20,
  },
  {
    what: 'a record that was taken out',
    content: lines('id,amount', ...numbers, '#20,20.5'),
    flag: "--comment '#'",
    format: { comment: '#' },
    rows: 20,
  },
  {
    what: 'totals',
    content: lines('id,amount', ...numbers, 'Total,190'),
    flag: '--skip-footer 1',
    format: { skipFooter: 1 },
    rows: 20,
  },
  {
    what: 'units',
    content: lines('id,amount', ',kg', ...numbers),
    flag: '--skip-rows 2 --no-header --columns id,amount',
    format: { skipRows: 2, header: false, columns: ['id', 'amount'] },
    rows: 20,
  },
  {
    what: 'types',
    content: lines('id,amount', 'int,decimal(10,2)'.replace(',2', '.2'), ...numbers),
    flag: '--skip-rows 2 --no-header --columns id,amount',
    format: { skipRows: 2, header: false, columns: ['id', 'amount'] },
    rows: 20,
  },
  {
    what: 'answers',
    content: 'id,ok\n1,ja\n2,nein\n3,ja\n',
    flag: '--true ja --false nein',
    format: { true: ['ja'], false: ['nein'] },
    rows: 3,
  },
])('$what in a table with types', async ({ content, flag, format, rows }) => {
  const before = await load(content, typed)
  expect(before.hint).toContain(flag)
  const after = await load(content, typed, format)
  expect(after.rows).toHaveLength(rows)
  expect(after.hint).toBe('')
})

test('a text that is too long is not said to mean NULL', async () => {
  const content = 'id,name\n1,abc\n2,abcdefgh\n3,x\n'
  const { hint } = await load(content, 'id bigint, name varchar(5)')
  expect(hint).toContain('alter column name type text')
  expect(hint).not.toContain('--null')
  expect((await load(content, 'id bigint, name text')).rows).toHaveLength(3)
})

test('the same in a new table, where they make text of numbers', async () => {
  const text = `id,amount\n${numbers.join('\n')}\nid,amount\n${numbers.join('\n')}\n`
  expect((await load(text, null)).hint).toContain('--repeated-headers reject')
  const after = await load(text, null, { repeatedHeaders: 'reject' })
  expect(after.rows).toHaveLength(40)
  expect(after.hint).toBe('')
})

test('the last record of a file among others is not called a total of each', async () => {
  await harness.db.query('create table several (id bigint, amount numeric)')
  const paths = [
    await harness.file('several1.csv', 'id,amount\n1,2\nTotal,2\n'),
    await harness.file('several2.csv', 'id,amount\n1,2\n2,3\n'),
  ]
  const { notes } = await harness.ingest({
    source: { kind: 'directory', path: paths },
    target: { table: 'several' },
  })
  expect(notes.map(({ hint }) => hint).join()).not.toContain('--skip-footer')
})
