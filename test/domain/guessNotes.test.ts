/** What a guess of types tells: it counts what it names, and its advice keeps the type at a known cost. */
import { expect, test } from 'vitest'
import { guessNotes } from '../../src/domain/guessNotes.ts'
import { addFacts, type Guess, guessType, noFacts, type Tally } from '../../src/domain/types.ts'

const guess = (name: string, tallies: Tally[], freeze = false): Guess & { name: string } => {
  const facts = noFacts()
  addFacts(facts, 0, { tallies })
  return { name, ...guessType(facts, { hasWords: false, freeze }) }
}
const told = { terms: { nulls: [''], headerRows: 1 }, given: {}, fileOf: () => 'x.csv' }
const textsOf = (...guesses: (Guess & { name: string })[]) =>
  guessNotes(guesses, told).map(({ message, hint, count }) => [message, hint, count])

const numbers: Tally = ['whole', 54_000, 2, '7']
const words: Tally = ['=NA', 5999, 3, 'NA']

test('one odd word beside words for NULL: both are counted, and so is what freeze rejects', () => {
  const tallies: Tally[] = [numbers, words, ['text', 1, 9, 'n.v.']]
  expect(textsOf(guess('n', tallies))).toEqual([
    [
      'Column n became text: 1 value is no bigint, the first is "n.v." in x.csv, line 9. ' +
        'As bigint it would have NULL for 5999 more values: "NA".',
      'If "n.v." means NULL, say `--null \'\' --null n.v.`; then it is NULL in columns of text, too. ' +
        'With `--schema freeze` it is bigint, and 6000 rows of the ingest would be rejected.',
      1,
    ],
  ])
  // It does as it says.
  expect(guess('n', tallies, true)).toMatchObject({
    type: 'bigint',
    nullWords: [],
    frozen: { type: 'bigint', rejected: 6000 },
  })
  const more = textsOf(guess('n', tallies), guess('m', [numbers, ['=-', 10, 2, '-']]))
  expect(more[0]?.[1]).toContain('up to 6010 rows of the ingest')
})

test('a value that is no word, and words that may be many, are not to be made NULL', () => {
  const [code] = textsOf(guess('zip', [numbers, ['text', 1, 9, '00501']]))
  expect(code?.[1]).toBe(
    'With `--schema freeze` it is bigint, and 1 row of the ingest would be rejected.',
  )
  const [many] = textsOf(guess('n', [numbers, ['text', 2, 9, 'n.v.']]))
  expect(many?.[1]).not.toContain('--null')
})

test('a type that freeze would not keep either is not promised', () => {
  const tallies: Tally[] = [
    ['whole', 10_000, 2, '7'],
    ['code', 6, 3, '1e5'],
    ['science', 2, 3, '1.5e3'],
    ['text', 1000, 4, 'x'],
  ]
  const frozen = guess('n', tallies, true)
  expect(guess('n', tallies).frozen).toEqual(frozen.frozen)
  expect(
    guess('n', [
      ['whole', 1, 2, '7'],
      ['text', 5, 3, 'x'],
    ]).frozen.type,
  ).toBe('text')
})

test('words PostgreSQL takes for values of the type are no rejects', () => {
  const nan: Tally[] = [
    ['decimal', 100, 2, '1.5'],
    ['=NaN', 3, 3, 'NaN'],
    ['=NA', 2, 4, 'NA'],
  ]
  expect(guess('n', nan).frozen).toEqual({ type: 'numeric', rejected: 2 })
})

test('words for NULL: one and several, and what the flag does besides', () => {
  const tallies: Tally[] = [numbers, ['=NA', 1, 3, 'NA'], ['=\\N', 2, 2, '\\N'], ['=-', 1, 5, '-']]
  expect(textsOf(guess('n', tallies))).toEqual([
    [
      'Column n is bigint, and "NA", "\\N", "-" were taken for NULL in it: 4 values, the first in ' +
        'x.csv, line 2.',
      'To keep the words, say `--types text`, which makes text of all columns. With ' +
        "`--null '' --null NA --null '\\N' --null -` they are NULL in columns of text as well.",
      4,
    ],
  ])
  expect(textsOf(guess('n', [numbers, ['=', 1, 3, ' ']]))[0]?.[0]).toContain('a blank was taken')
})

test('a value like a comment is one only where a line begins', () => {
  const odd: Tally[] = [
    ['whole', 500, 2, '7'],
    ['text', 1, 7, '#2'],
  ]
  const [first, second] = textsOf(guess('id', odd), guess('amount', odd))
  expect([first?.[1], second?.[1]].map((hint) => String(hint).includes('--comment'))).toEqual([
    true,
    false,
  ])
})

test.each([
  [['text', 3, 50, 'Amount'], '`--repeated-headers reject`'],
  [['text', 1, 99, 'Total'], '`--skip-footer 1`'],
  [['text', 1, 2, '(kg)'], '`--header 2`'],
  [['text', 1, 7, '# checked'], "`--comment '#'`"],
  [['text', 1, 7, '#2'], "`--comment '#'`"],
  [['text', 2, 7, '// 2'], "`--comment '//'`"],
  [['text', 1, 7, '-- checked'], "`--comment '--'`"],
] as [Tally, string][])('%j tells of its row: %s', (odd, flag) => {
  const [[, hint] = []] = textsOf(guess('amount', [['whole', 500, 2, '7'], odd]))
  expect(hint).toContain(flag)
  expect(hint).not.toContain('--null')
  const given = { repeatedHeaders: 'reject', skipFooter: 1, header: 1, comment: '#' }
  const [note] = guessNotes([guess('amount', [['whole', 500, 2, '7'], odd])], { ...told, given })
  expect(note?.hint).not.toContain(flag)
})

test.each([
  [['boolean', 't'], 'boolean'],
  [['boolean', 'f'], 'boolean'],
  [['t', 'f'], 'boolean'],
  [['t'], 'text'],
  [['f', 'text'], 'text'],
] as [Tally[0][], string][])('a column of %j is %s', (kinds, type) => {
  expect(
    guess(
      'is_open',
      kinds.map((kind): Tally => [kind, 4, 2, 'x']),
    ).type,
  ).toBe(type)
})
