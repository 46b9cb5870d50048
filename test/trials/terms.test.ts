/** Guesses of how numbers and dates are written change values: the result tells them. */
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { noteKey } from '../../src/domain/headNotes.ts'
import type { Note } from '../../src/errors/notes.ts'
import type { CsvOptions } from '../../src/formats/csv/options.ts'
import { outputOf } from '../dist.ts'
import { build, eachVerb } from '../harness.ts'
import { look } from './look.ts'

const guessed = (text: string, format: CsvOptions = {}) =>
  look(text, format).notes.filter(({ code }) => code === 'terms_guessed')

describe('what was found is told, with a value and the flag', () => {
  test.each([
    ['price\tn\n1,50\t1\n2,25\t2\n', '1,50', '1.50', '--decimal ,'],
    ['price;n\n1.249,00;1\n3,5;2\n', '1.249,00', '1249.00', '--decimal , --thousands .'],
    ['price;n\n"1,234.50";1\n2,000.25;2\n', '1,234.50', '1234.50', '--thousands ,'],
    ['price,n\n1 234 567.5,1\n', '1 234 567.5', '1234567.5', '--thousands " "'],
    ["price,n\n1'234'567,1\n", "1'234'567", '1234567', '--thousands "\'"'],
    ['day,n\n31/01/2024,1\n01/02/2024,2\n', '31/01/2024', '2024-01-31', '--dates DMY'],
    ['day,n\n01/31/2024,1\n', '01/31/2024', '2024-01-31', '--dates MDY'],
    ['day,n\n01.02.2024,1\n', '01.02.2024', '2024-02-01', '--dates DMY'],
    ['day,n\n31/01/2024 10:00,1\n', '31/01/2024 10:00', '2024-01-31', '--dates DMY'],
  ])('%j', (text, value, read, flag) => {
    const [note, ...others] = guessed(text)
    expect(others).toEqual([])
    expect(note).toMatchObject({ value, file: 'x.csv' })
    expect(note?.message).toMatch(/ in column (price|day) of x\.csv/)
    expect(note?.message).toContain(`means ${read}.`)
    expect(note?.hint).toContain(`\`${flag}\``)
  })

  test.each<[string, CsvOptions]>([
    ['price\n1,50\n2,25\n', { decimal: ',', delimiter: ';' }],
    ['day\n31/01/2024\n', { dates: 'DMY' }],
    ['a,b,day\n1,1.5,2024-01-31\n', {}],
    ['day,n\n2024/01/31,1\n', {}],
  ])('nothing is told of what was said, or can be read in one way only: %j', (text, format) => {
    expect(guessed(text, format)).toEqual([])
  })

  test('it is the same for files with other values', () => {
    const [a] = guessed('price;n\n1,50;1\n')
    const [b] = guessed('price;n\n7,25;1\n')
    const [c] = guessed('price;n\n1.007,25;1\n')
    expect(noteKey(a as Note, 'x.csv')).toBe(noteKey(b as Note, 'x.csv'))
    expect(noteKey(a as Note, 'x.csv')).not.toBe(noteKey(c as Note, 'x.csv'))
  })
})

const app = outputOf(fileURLToPath(new URL('../steps/app.ts', import.meta.url)))
const harness = await build()
await harness.startWorker({ args: ['--app', app] })

const shop = 'id;price;day\n1;1.249,50;31.01.2024\n2;3,5;01.02.2024\n'
let count = 0

async function load(files: Record<string, string>, { steps }: { steps?: string[] } = {}) {
  const table = `terms_${++count}`
  const path = `${harness.folder}/${table}`
  await mkdir(path)
  for (const [name, content] of Object.entries(files)) await writeFile(`${path}/${name}`, content)
  const source = { kind: 'directory' as const, path: `${path}/*.csv` }
  return { source, target: { table }, ...(steps && { steps }) }
}

const told = (notes: readonly Note[]) =>
  notes
    .filter(({ code }) => code === 'terms_guessed')
    .map(({ file, value }) => `${file?.split('/').at(-1)} ${value}`)

const ofShop = ['a.csv 1.249,50', 'a.csv 31.01.2024']

describe('it is told with the result', () => {
  test('of an ingest at once, and in the details of its workflow', async () => {
    const { notes, ingestId, state } = await harness.ingest(await load({ 'a.csv': shop }))
    expect([state, told(notes)]).toEqual(['completed', ofShop])
    const { rows } = await harness.db.query('select price, day::text from terms_1 order by id')
    expect(rows[0]).toEqual({ price: '1249.50', day: '2024-01-31' })
    const result = await harness.client.workflow.getHandle(ingestId).result()
    expect(told(result.notes)).toEqual(ofShop)
  })

  test('of an ingest with an activity for each verb', async () => {
    const { notes } = await harness.ended(
      await harness.start(await load({ 'a.csv': shop }), eachVerb),
    )
    expect(told(notes)).toEqual(ofShop)
  })

  test('of a file that came out of a step', async () => {
    const { notes } = await harness.ingest(await load({ 'a.csv': shop }, { steps: ['double'] }))
    expect(told(notes)).toEqual(ofShop)
  })

  test('of each file that has terms of its own, and once for those that are alike', async () => {
    const files = {
      'a.csv': shop,
      'b.csv': 'id;price;day\n3;7.001,25;28.02.2024\n',
      'c.csv': 'id,price,day\n4,"1,249.50",02/28/2024\n',
      'd.csv': 'id;price;day\n5;7;\n',
    }
    const { notes } = await harness.ingest(await load(files))
    expect(told(notes)).toEqual([...ofShop, 'c.csv 1,249.50', 'c.csv 02/28/2024'])
  })
})
