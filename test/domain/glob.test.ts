/** Globs mean what they say, to the letter, and no glob takes long. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type GlobKind, parseGlob } from '../../src/domain/glob.ts'
import { anyText } from '../anyText.ts'

const refuse = (problem: string) => new Error(problem)
const glob = (pattern: string, kind: GlobKind = 'path') => parseGlob(pattern, kind, refuse)

/** [glob, paths that it matches, paths that it does not match] */
const table: [string, string[], string[]][] = [
  ['data/a.csv', ['data/a.csv'], ['data/A.csv', 'data/a-csv', 'x/data/a.csv', 'data/a.csv/x']],
  ['*.csv', ['a.csv', '.csv', '.a.csv', 'a b.csv'], ['a.csv.gz', 'data/a.csv', '/a.csv']],
  ['/data/*/*.csv', ['/data/x/a.csv'], ['/data/a.csv', '/data/x/y/a.csv', 'data/x/a.csv']],
  ['data/**', ['data/a', 'data/x/y/a', 'data'], ['database', 'x/data/a', '/data/a']],
  ['**/a.csv', ['a.csv', 'x/a.csv', '/x/y/a.csv'], ['xa.csv', 'a.csv/x']],
  ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'a/xb', 'a/bx', 'a/b/x']],
  ['**', ['a', 'a/b', '/a', '.'], []],
  ['**/**', ['a', 'a/b', '/a'], []],
  ['a/**/**', ['a', 'a/b', 'a/b/c'], ['ab']],
  ['a/**/**/b', ['a/b', 'a/x/y/b'], ['ab', 'a/xb']],
  ['?.csv', ['a.csv', 'ü.csv', '日.csv', '🚀.csv'], ['.csv', 'ab.csv', '/.csv']],
  ['[a-c]?', ['a1', 'c.'], ['d1', 'A1', 'a', 'a/']],
  ['[!a-c]x', ['dx', '-x', 'éx'], ['ax', '/x', 'x']],
  ['[^a-c]x', ['dx'], ['ax']],
  ['[]a]', [']', 'a'], ['[', ']a']],
  ['[!]a]', ['x'], [']', 'a']],
  ['[a-]', ['a', '-'], ['b']],
  ['[\\]x]', [']', 'x'], ['\\']],
  ['[*?{,}]', ['*', '?', '{', ',', '}'], ['a', '{,}']],
  ['[α-ω]', ['λ'], ['l', 'Λ']],
  ['[😀-😎]', ['😃'], ['🚀', '😏']],
  ['a[b/c]d', ['abd', 'acd'], ['a/d']],
  ['{a,b}.csv', ['a.csv', 'b.csv'], ['c.csv', 'ab.csv', '{a,b}.csv']],
  ['x{,-{1,2}}y', ['xy', 'x-1y', 'x-2y'], ['x-y', 'x-12y']],
  ['{a,b/**}/c', ['a/c', 'b/c', 'b/x/y/c'], ['a/x/c', 'bc']],
  ['{**/,}a', ['a', 'x/a'], ['xa']],
  ['{a,b*}*', ['ax', 'bxy', 'b'], ['cx']],
  ['a,b', ['a,b'], ['a', 'b']],
  ['\\*\\?\\[\\{a,b\\}\\\\', ['*?[{a,b}\\'], ['x?[{a,b}\\']],
  ['\\!a', ['!a'], ['b', '\\!a']],
  ['a!(b).csv', ['a!(b).csv'], ['a.csv', 'ax.csv']],
  ['+(a)@(b).csv', ['+(a)@(b).csv'], ['ab.csv', 'aab.csv']],
  ['a.c+$^|', ['a.c+$^|'], ['abc+$^|', 'a.cc']],
  ['./data//big/', ['data/big'], ['data/big/', './data/big']],
  ['/', ['/'], ['', 'a']],
  ['a\nb*', ['a\nb', 'a\nb\nc'], ['a']],
]

for (const [pattern, yes, no] of table) {
  test(`the glob ${JSON.stringify(pattern)}`, () => {
    const { matches } = glob(pattern)
    expect(yes.filter((path) => !matches(path))).toEqual([])
    expect(no.filter((path) => matches(path))).toEqual([])
  })
}

test('in a name a slash is a character like any other', () => {
  expect(glob('public.*', 'name').matches('public."a/b"')).toBe(true)
  expect(glob('a?b', 'name').matches('a/b')).toBe(true)
  expect(glob('a**b', 'name').matches('a/x/b')).toBe(true)
  expect(glob('./a//', 'name').matches('./a//')).toBe(true)
  expect(glob('public.*').matches('public."a/b"')).toBe(false)
})

test.each<[string, string]>([
  ['', 'cannot be empty'],
  ['!a', 'write \\!'],
  ['a[b', 'a [ has no ]'],
  ['[]', 'has nothing in it'],
  ['[!]', 'has nothing in it'],
  ['[z-a]', 'runs backwards'],
  ['[[:alpha:]]', 'not known'],
  ['a\\', 'nothing behind the last \\'],
  ['{a,b', 'a { has no }'],
  ['a}', 'a } has no {'],
  ['{a}', 'with a comma'],
  ['{1..3}', 'with a comma'],
  ['a**', 'whole folders'],
  ['**.csv', 'whole folders'],
  ['a/***/b', 'whole folders'],
  ['x{**/a,b}', 'whole folders'],
  ['x'.repeat(1001), 'at most 1000 characters'],
  ['{a,b}'.repeat(7), 'more than 100'],
  [`{a${',a'.repeat(100)}}`, 'more than 100'],
  ['{a,b}'.repeat(6) + 'x'.repeat(200), '10000 characters'],
])('the glob %.30s is refused: %s', (pattern, problem) => {
  expect(() => glob(pattern)).toThrow(problem)
})

/** A piece of a glob beside the regular expression that says the same. */
type Piece = readonly [glob: string, expression: string]

const literal = fc
  .constantFrom('a', 'b', '_', '-', 'é', '😀', '(', '+', '$', '^', '|')
  .map((char): Piece => [char, char.replace(/[(+$^|]/u, '\\$&')])
const simple = fc.oneof(
  { weight: 4, arbitrary: literal },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Piece>(
      ['*', '[^/]*'],
      ['?', '[^/]'],
      ['[ab]', '[ab]'],
      ['[!a]', '[^a/]'],
      ['[a-é]', '[a-é]'],
    ),
  },
)
const sequence = (piece: fc.Arbitrary<Piece>, most: number) =>
  fc.array(piece, { minLength: 1, maxLength: most }).map((pieces): Piece => {
    const joined = pieces.map(([each]) => each).join('')
    return [joined, pieces.map(([, expression]) => expression).join('')]
  })
const braces = fc.array(sequence(simple, 3), { minLength: 2, maxLength: 3 }).map((ways): Piece => {
  const expressions = ways.map(([, expression]) => expression).join('|')
  return [`{${ways.map(([each]) => each).join(',')}}`, `(?:${expressions})`]
})
const folder = sequence(fc.oneof({ weight: 5, arbitrary: simple }, braces), 4).filter(
  ([text]) => !text.includes('**'),
)

const whole = fc
  .array(fc.oneof({ weight: 3, arbitrary: folder }, fc.constant<Piece>(['**', ''])), {
    minLength: 1,
    maxLength: 4,
  })
  .map((folders): Piece => {
    const last = folders.length - 1
    const expression = folders.map(([text, each], index) => {
      if (text !== '**') return each + (index < last ? '/' : '')
      return index < last ? '(?:[^/]*/)*' : '.*'
    })
    // A last `/**` is for the folder itself, too.
    const joined = expression.join('').replace(/\/((?:\(\?:\[\^\/\]\*\/\)\*)*)\.\*$/, '(?:/.*)?')
    return [folders.map(([text]) => text).join('/'), joined]
  })
  // Three ways each: more braces would come to more than 100 globs.
  .filter(([text]) => text.split('{').length <= 5)
const path = fc
  .array(fc.string({ unit: fc.constantFrom('a', 'b', '_', 'é', '😀', '/'), maxLength: 4 }), {
    maxLength: 4,
  })
  .map((parts) => parts.join('/'))

test('a glob matches what the regular expression of the same meaning matches', () => {
  let matched = 0
  fc.assert(
    fc.property(whole, path, ([pattern, expression], text) => {
      const wanted = new RegExp(`^(?:${expression})$`, 'su').test(text)
      if (wanted) matched++
      expect(glob(pattern).matches(text), `${pattern} on ${text}: ${expression}`).toBe(wanted)
    }),
    { numRuns: 5000 },
  )
  expect(matched).toBeGreaterThan(200)
})

test('an escaped text matches itself and nothing else', () => {
  const texts = anyText({ minLength: 1, maxLength: 50 })
  fc.assert(
    fc.property(texts, texts, (text, other) => {
      const escaped = Array.from(text, (char) => `\\${char}`).join('')
      const { matches } = glob(escaped, 'name')
      expect(matches(text)).toBe(true)
      expect(matches(other)).toBe(other === text)
    }),
  )
})

test('any text is a glob or is refused, and matching does not fail', () => {
  const hostile = fc.string({ unit: fc.constantFrom(...'**?[]{},!^-\\/a.'), maxLength: 60 })
  fc.assert(
    fc.property(fc.oneof(hostile, anyText()), path, (pattern, text) => {
      let problem = ''
      try {
        const { matches, size } = parseGlob(pattern, 'path', (each) => {
          problem = each
          return new Error(each)
        })
        expect(matches(text)).toBeTypeOf('boolean')
        expect(size).toBeLessThanOrEqual(10_100)
      } catch (error) {
        expect((error as Error).message).toBe(problem)
      }
    }),
    { numRuns: 3000 },
  )
})

// Backtracking, or writing out every brace, would take longer than there is time.
test('hostile globs are refused or answered at once', { timeout: 20_000 }, () => {
  const long = 'a'.repeat(4096)
  expect(glob(`${'*a'.repeat(499)}*b`).matches(long)).toBe(false)
  expect(glob('*a'.repeat(500)).matches(long)).toBe(true)
  expect(glob(`${'**/'.repeat(332)}b`).matches('a/'.repeat(2048))).toBe(false)
  expect(glob(`${'*a/**/'.repeat(166)}b`).matches('a/'.repeat(2048))).toBe(false)
  expect(glob(`${'{a*,*a}'.repeat(6)}b`).matches(long)).toBe(false)
  expect(glob(`${'*?'.repeat(499)}b`, 'name').matches(long)).toBe(false)
  for (const pattern of ['{a,b}'.repeat(200), '{'.repeat(1000), '{a,'.repeat(333)]) {
    expect(() => glob(pattern)).toThrow()
  }
  expect(() => glob(`${'{,'.repeat(300)}${'}'.repeat(300)}`)).toThrow('more than 100')
  expect(() => glob('[a'.repeat(500))).toThrow('a [ has no ]')
})
