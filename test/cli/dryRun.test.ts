/** `sluice ingest --dry-run`: what was sniffed, what was given, and what would be loaded. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sluice } from './sluice.ts'

const cwd = await mkdtemp(join(tmpdir(), 'sluice-dry-'))
afterAll(() => rm(cwd, { recursive: true, force: true }))

const text = [
  'Umsatz 2024',
  '',
  'Nr;Summe;Tag;Aktiv;Notiz',
  '1;1.234,50;31.12.2024;ja;"a; b"',
  '2;7,5;01.02.2024;nein;NA',
  '3;8',
  'Ende',
  '',
].join('\n')
await writeFile(join(cwd, 'sales.csv'), text)

const args = ['ingest', 'sales.csv', '--dry-run', '--into', 't']
const more = ['--true', 'ja', '--false', 'nein', '--null', '', '--null', 'NA', '--skip-footer', '1']
const run = (...given: string[]) => sluice([...args, ...given], { cwd })

test('for machines: the reading, where it comes from, the types and the records', async () => {
  const { code, out } = await run(...more, '--ragged', 'pad', '--json')
  expect(code).toBe(0)
  const seen = JSON.parse(out)
  expect(seen.reading).toEqual({
    kind: 'csv',
    delimiter: ';',
    quote: '"',
    escape: '"',
    newline: '\n',
    header: true,
    nullText: '',
    nullWords: ['NA'],
    skipRows: 2,
    skipFooter: 1,
    ragged: 'pad',
    decimal: ',',
    thousands: '.',
    dates: 'DMY',
    trueWords: ['ja'],
    falseWords: ['nein'],
  })
  expect(seen.columns.map(({ type }: { type: string }) => type)).toEqual([
    'bigint',
    'numeric',
    'date',
    'boolean',
    'text',
  ])
  expect(seen.records).toEqual([
    ['1', '1234.50', '31.12.2024', 't', 'a; b'],
    ['2', '7.5', '01.02.2024', 'f', null],
    ['3', '8', null, null, null],
  ])
  expect(seen).toMatchObject({
    sampled: 3,
    odd: 1,
    notes: [
      { code: 'lines_skipped' },
      { code: 'terms_guessed', value: '1.234,50' },
      { code: 'terms_guessed', value: '31.12.2024' },
      { code: 'names_changed' },
    ],
  })
  const from = Object.fromEntries(
    seen.facts.map((fact: { what: string; from: string; flag: string }) => [
      fact.what,
      [fact.from, fact.flag],
    ]),
  )
  expect(from).toMatchObject({
    delimiter: ['sniffed', '--delimiter'],
    titles: ['sniffed', '--skip-rows'],
    footer: ['given', '--skip-footer'],
    ragged: ['given', '--ragged'],
    dates: ['sniffed', '--dates'],
  })
})

test('for people: every flag is named, and what is not sure is said', async () => {
  const { out } = await run(...more)
  for (const part of ['2 lines in front', '--skip-rows', '"NA"', '--decimal', 'DMY', '1234.50']) {
    expect(out).toContain(part)
  }
  await writeFile(join(cwd, 'unsure.csv'), 'id,day\n1,01/02/2024\n')
  const unsure = await sluice(['ingest', 'unsure.csv', '--dry-run', '--into', 't'], { cwd })
  expect(unsure.out).toMatch(/Note: 01\/02\/2024 may have .*column day of .*unsure\.csv.*`--dates`/)
})

test('what is given holds: every flag reaches the dialect', async () => {
  const given = ['--delimiter', '\\t', '--quote', 'none', '--header', '2', '--columns', 'a, b']
  const rest = ['--skip-rows', '1', '--comment', '#', '--ragged', 'fit', '--null', '-']
  const values = ['--decimal', ',', '--thousands', ' ', '--dates', 'MDY', '--encoding', 'utf-8']
  const { out } = await run(...given, ...rest, ...values, '--json')
  expect(JSON.parse(out).reading).toMatchObject({
    delimiter: '\t',
    quote: '',
    header: true,
    headerRows: 2,
    names: ['a', 'b'],
    skipRows: 1,
    comment: '#',
    ragged: 'fit',
    nullText: '-',
    decimal: ',',
    thousands: ' ',
    dates: 'MDY',
  })
})

test('bad flags are refused with the reason', async () => {
  const cases: [string[], string][] = [
    [['--delimiter', ''], '1 to 16 characters'],
    [['--quote', 'ab'], 'one character of ASCII'],
    [['--header', 'x'], 'whole number from 0 to 10'],
    [['--thousands', 'x'], 'Allowed choices are'],
    [['--dates', 'YDM'], 'Allowed choices are'],
    [['--delimiter', ';', '--quote', ';'], 'are the same'],
    [['--decimal', ',', '--thousands', ','], 'are both'],
  ]
  for (const [given, problem] of cases) {
    const { code, error } = await run(...given)
    expect([given, code !== 0, error]).toEqual([given, true, expect.stringContaining(problem)])
  }
})
