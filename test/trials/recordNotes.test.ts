/** Records that are loaded as they are written, and yet worth a word. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { recordNotes } from '../../src/domain/recordNotes.ts'
import { readHeadBy } from '../../src/formats/csv/head.ts'
import { emptyDialect } from '../../src/formats/csv/reading.ts'
import { Shaper } from '../../src/formats/csv/shape.ts'
import { build } from '../harness.ts'
import { lines } from './look.ts'

const harness = await build()
await harness.startWorker()

async function load(table: string, files: Record<string, string>) {
  const path: string[] = []
  for (const [name, text] of Object.entries(files)) {
    path.push(await harness.file(`${table}-${name}`, text))
  }
  const view = await harness.ingest({ source: { kind: 'directory', path }, target: { table } })
  expect(view.error).toBeNull()
  const notes = view.notes.map(({ code, file, line, count }) => [
    code,
    file?.slice(file.lastIndexOf('-') + 1) ?? null,
    line,
    count,
  ])
  const { rows } = await harness.db.query(`select t.* from ${table} t`)
  return { view, notes, rows: rows.map((row) => Object.values(row)) }
}

const people = (odd: number[]) =>
  `id,name\n${lines((n) => (odd.includes(n) ? `${n},abc"x y"` : `${n},"Doe, ${n}"`), 40)}`

test('quotes behind a missing delimiter are loaded as written, and told file by file', async () => {
  const files = { 'a.csv': people([3, 20]), 'b.csv': people([]), 'c.csv': people([0]) }
  const { view, notes, rows } = await load('missing_delimiter', files)
  expect(rows.length).toBe(120)
  expect(rows.filter(([, name]) => name === 'abc"x y"').length).toBe(3)
  expect(notes).toEqual([
    ['quotes_are_text', 'a.csv', 5, 2],
    ['quotes_are_text', 'c.csv', 2, 1],
  ])
  expect(view.notes[0]?.message).toMatch(/^2 records of .*a\.csv with quotes inside/)
})

test('inch marks all over are told in one short sentence', async () => {
  const text = `id,size\n${lines((n) => (n % 4 > 0 ? `${n},"a, b"` : `${n},${n}" x 2"`))}`
  const { view, notes } = await load('inches', { 'a.csv': text })
  expect(notes).toEqual([['quotes_are_usual', 'a.csv', 2, 5]])
  expect(view.notes[0]?.hint).toBeNull()
})

test('records of delimiters only are rows, and told', async () => {
  const text = `a,b,c\r\n${lines((n) => (n % 7 === 3 ? ',,\r' : `${n},x${n},\r`), 21)}`
  const { notes, rows } = await load('gaps', { 'a.csv': text })
  expect(notes).toEqual([['records_empty', 'a.csv', 5, 3]])
  expect(rows.filter((row) => row.every((value) => value === null)).length).toBe(3)
  expect(rows.length).toBe(21)
})

test('blank lines of a single column are rows, and told', async () => {
  const { notes, rows } = await load('gap_lines', { 'a.csv': 'name\nanna\n\nbert\n\n' })
  expect(notes.filter(([code]) => code === 'records_empty')).toEqual([
    ['records_empty', 'a.csv', 3, 2],
  ])
  expect(rows).toEqual([['anna'], [null], ['bert'], [null]])
})

test('a delimiter at the end of each line is told, a last column with a name is not', async () => {
  const ended = await load('ended', { 'a.csv': `a,b,\n${lines((n) => `${n},x,`)}` })
  expect(ended.notes).toEqual([['delimiter_ends_lines', 'a.csv', null, null]])
  expect(ended.view.notes[0]?.message).toContain('field 3')
  const named = await load('named', { 'a.csv': `a,b,remark\n${lines((n) => `${n},x,`)}` })
  expect(named.notes).toEqual([])
  const filled = await load('filled', { 'a.csv': `a,b,\n${lines((n) => `${n},x,`)}1,2,seen\n` })
  expect(filled.notes.map(([code]) => code)).toEqual([])
})

describe('counts hold for any chunks and cuts, and the footer is not counted', () => {
  const field = fc.constantFrom('', '', 'x', 'a"b', '"q"', '"q""q"', '1')
  const record = fc.array(field, { minLength: 3, maxLength: 3 })
  const records = fc.array(record, { minLength: 1, maxLength: 60 })
  const sizes = fc.record({ chunk: fc.integer({ min: 1, max: 50 }), cut: fc.nat(200) })
  const ends = fc.constantFrom('\n' as const, '\r\n' as const)
  test.each([0, 2])('skipFooter %i', (skipFooter) => {
    fc.assert(
      fc.property(records, sizes, ends, (rows, { chunk, cut }, newline) => {
        const bytes = Buffer.from(rows.map((row) => row.join(',') + newline).join(''))
        const dialect = { ...emptyDialect, header: false, newline, skipFooter }
        const file = { name: 'x', sizeBytes: bytes.length }
        const head = { ...readHeadBy(bytes, file, dialect), width: 3 }
        const shaper = new Shaper(head, { sizeBytes: bytes.length, cutBytes: cut })
        for (let at = 0; at < bytes.length; at += chunk) {
          shaper.push(Buffer.from(bytes.subarray(at, at + chunk)))
        }
        const notes = recordNotes('x', shaper.shape())
        const data = rows.slice(0, rows.length - skipFooter || undefined)
        const kept = skipFooter >= rows.length ? [] : data
        const odd = kept.flatMap((row, at) => (row.includes('a"b') ? [at + 1] : []))
        const empty = kept.flatMap((row, at) => (row.join('') === '' ? [at + 1] : []))
        const told = (start: string) =>
          notes.flatMap(({ code, line, count }) => (code.startsWith(start) ? [[line, count]] : []))
        expect(told('quotes_')).toEqual(odd.length > 0 ? [[odd[0], odd.length]] : [])
        expect(told('records_empty')).toEqual(empty.length > 0 ? [[empty[0], empty.length]] : [])
      }),
      { seed: 4, numRuns: 300 },
    )
  })
})
