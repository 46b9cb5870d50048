/** Globs of files: groups, classes, ranges, hidden names; and what a hostile one costs. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeGlob, type GlobKind, parseGlob, splitGlob } from '../../src/domain/glob.ts'
import { anyText } from '../anyText.ts'

const refuse = (problem: string) => new Error(problem)
const glob = (pattern: string, kind: GlobKind = 'files') => parseGlob(pattern, kind, refuse)

/** [glob, paths that it matches, paths that it does not match] */
const table: [string, string[], string[]][] = [
  ['*', ['a', 'a.b'], ['.a', 'a/b']],
  ['?a', ['ba'], ['.a']],
  ['**', ['a', 'a/b/c'], ['.a', 'a/.b/c', 'a/.b']],
  ['.*', ['.a'], ['a']],
  ['**/.x/**', ['.x/a', 'a/.x/b/c'], ['.y/.x/a', '.x/.a']],
  ['**/*.csv', ['a.csv', 'x/y/a.csv'], ['x/.h/a.csv']],
  ['+(a|b)', ['a', 'ab', 'bba'], ['', 'c', 'ac']],
  ['*(a|b)c', ['c', 'abac'], ['ab', 'dc']],
  ['?(a)b', ['b', 'ab'], ['aab']],
  ['@(a|b)', ['a', 'b'], ['', 'ab', '@(a|b)']],
  ['+(a*)b', ['ab', 'aab', 'axxb', 'axaxb'], ['b', 'a', 'xab']],
  ['!(a)', ['b', 'aa', '.a', ''], ['a', 'b/c']],
  ['!(a).csv', ['b.csv', 'aa.csv', 'a.csv.csv'], ['a.csv', 'b.txt']],
  ['!(a)*', ['b', 'ba'], ['a', 'ab']],
  ['!(a|b)*.csv', ['c.csv', 'ca.csv'], ['ax.csv', 'b.csv']],
  ['*.!(bak|tmp)', ['a.csv', 'a.bak.csv'], ['a.bak', 'a.tmp', 'a']],
  ['!(*.bak)', ['a', 'bak'], ['a.bak', '.bak']],
  ['!(!(a))', ['a'], ['b', 'aa']],
  ['x!(a!(b))y', ['xaby', 'xy', 'xcy'], ['xay', 'xacy']],
  ['x/!(a)/y', ['x/b/y', 'x/aa/y'], ['x/a/y', 'x/a/b/y']],
  ['+(a/b)', ['a/b', 'a/ba/b'], ['a', 'a/']],
  ['{a,b/**}/c', ['a/c', 'b/c', 'b/x/y/c'], ['a/x/c']],
  ['{1..3}', ['1', '3'], ['0', '4', '1..3']],
  ['x{01..12}', ['x01', 'x12'], ['x1', 'x13', 'x00']],
  ['{-1..1}', ['-1', '0', '1'], ['-2']],
  ['{c..a}', ['a', 'b', 'c'], ['d']],
  ['{a..c', ['{a..c'], ['a']],
  ['[[:digit:]_-]', ['1', '_', '-'], ['a', ':']],
  ['[![:digit:]]', ['a', '.'], ['1', '/']],
  ['a[1', ['a[1'], ['a1']],
  ['a{b', ['a{b'], ['ab']],
  ['a}b{c', ['a}b{c'], []],
  ['{a}', ['{a}'], ['a']],
  ['{a,b', ['{a,b'], ['a']],
  ['!(a', ['!(a'], ['b']],
  ['*(a', ['*(a', 'x(a'], ['a']],
  ['+(a|b', ['+(a|b'], ['a']],
  ['a)(b', ['a)(b'], []],
  ['data (1)*', ['data (1).csv'], ['data 1.csv']],
  ['(a|b)', ['(a|b)'], ['a']],
  ['a\\', ['a\\'], ['a']],
  ['!x', ['!x'], ['x', 'y']],
  ['a**', ['a', 'ab'], ['a/b']],
  ['@(a,b|c{d,e})', ['a,b', 'cd', 'ce'], ['a', 'c']],
  ['{@(a|b),c}d', ['ad', 'bd', 'cd'], ['d']],
  ['+(\\||\\))', ['|', ')', '|)'], ['a']],
]

test.each(table)('the glob of files %s', (pattern, yes, no) => {
  const { matches } = glob(pattern)
  expect(yes.filter((path) => !matches(path))).toEqual([])
  expect(no.filter((path) => matches(path))).toEqual([])
})

test('where a glob begins, and what may lie under a folder', () => {
  expect(splitGlob('/data/x.csv', refuse)).toBe(null)
  expect(splitGlob('/data/x [1.csv', refuse)).toBe(null)
  expect(splitGlob('/da\\*ta/{a,b}/*.csv', refuse)).toEqual({
    base: '/da*ta/',
    below: '{a,b}/*.csv',
    begin: '/da*ta/',
  })
  expect(splitGlob('/+(a)', refuse)).toEqual({ base: '/', below: '+(a)', begin: '/' })
  expect(splitGlob('/a/b\\?c*/d', refuse)?.begin).toBe('/a/b?c')
  const mayHold = (pattern: string, folders: string[]) =>
    folders.filter((folder) => glob(pattern).mayBegin(`${folder}/`))
  const folders = ['a', 'b', '.h', 'a/b', 'a/c']
  expect(mayHold('*.csv', folders)).toEqual([])
  expect(mayHold('**/*.csv', folders)).toEqual(['a', 'b', 'a/b', 'a/c'])
  expect(mayHold('a/!(b)/x', folders)).toEqual(['a', 'a/c'])
  expect(mayHold('.h/*', folders)).toEqual(['.h'])
})

/** A glob as a tree, so that the slow reference need not read its syntax. */
type Tree =
  | { text: string; is: (char: string) => boolean }
  | { many: true }
  | { opens: string; ways: Tree[][] }

const one = fc.constantFrom<Tree>(
  { text: 'a', is: (char) => char === 'a' },
  { text: 'b', is: (char) => char === 'b' },
  { text: '.', is: (char) => char === '.' },
  { text: '/', is: (char) => char === '/' },
  { text: '?', is: (char) => char !== '/' },
  { text: '[!a]', is: (char) => char !== 'a' && char !== '/' },
  { text: '[a-c]', is: (char) => 'abc'.includes(char) },
)
const { way } = fc.letrec<{ way: Tree[]; node: Tree }>((tie) => ({
  way: fc.array(tie('node'), { maxLength: 4 }),
  node: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    { weight: 5, arbitrary: one },
    { weight: 2, arbitrary: fc.constant<Tree>({ many: true }) },
    {
      weight: 2,
      arbitrary: fc.record({
        opens: fc.constantFrom('@', '?', '*', '+', '!', '{'),
        ways: fc.array(tie('way'), { minLength: 2, maxLength: 3 }),
      }),
    },
  ),
}))

const written = (nodes: Tree[]): string =>
  nodes
    .map((node) => {
      if ('text' in node) return node.text
      if ('many' in node) return '*'
      if (node.opens === '{') return `{${node.ways.map(written).join(',')}}`
      return `${node.opens}(${node.ways.map(written).join('|')})`
    })
    .join('')

/** All ends of matches that begin at `from`: each text for itself, with everything tried. */
function endsOf(nodes: Tree[], text: string, from: number): Set<number> {
  let ends = new Set([from])
  for (const node of nodes) {
    const next = new Set<number>()
    for (const at of ends) for (const to of endsOfNode(node, text, at)) next.add(to)
    ends = next
  }
  return ends
}

const ofWays = (ways: Tree[][], text: string, at: number) =>
  new Set(ways.flatMap((each) => [...endsOf(each, text, at)]))

function endsOfNode(node: Tree, text: string, from: number): Iterable<number> {
  if ('text' in node) return from < text.length && node.is(text[from] as string) ? [from + 1] : []
  const segment = text.slice(from).split('/')[0]?.length ?? 0
  const all = Array.from({ length: segment + 1 }, (_, index) => from + index)
  if ('many' in node) return all
  const once = ofWays(node.ways, text, from)
  if (node.opens === '{' || node.opens === '@') return once
  if (node.opens === '?') return once.add(from)
  if (node.opens === '!')
    return all.filter((to) => !ofWays(node.ways, text.slice(0, to), from).has(to))
  const reached = new Set(once)
  for (const at of reached) for (const to of ofWays(node.ways, text, at)) reached.add(to)
  return node.opens === '*' ? reached.add(from) : reached
}

/** What tidies a glob, and what the rules for hidden names and `!(a)*` add, is in the table. */
const isPlain = (pattern: string): boolean =>
  !(pattern === '' || (pattern.includes('{') && pattern.includes('/'))) &&
  !/\*\*|\/\/|(^|[/({,|])\.\/|\/$|\)[*]|\)[*@{?+!]*\*/.test(pattern)

test('a glob of files matches what the slow reference matches', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '/'), maxLength: 7 })
  const visible = texts.filter((text) => !/(^|\/)\./.test(text))
  let matched = 0
  fc.assert(
    fc.property(way, visible, (nodes, text) => {
      const pattern = written(nodes)
      fc.pre(isPlain(pattern))
      const wanted = endsOf(nodes, text, 0).has(text.length)
      if (wanted) matched++
      expect(glob(pattern).matches(text), `${pattern} on ${text}`).toBe(wanted)
    }),
    { numRuns: 2000, seed: 7 },
  )
  expect(matched).toBeGreaterThan(100)
})

test('an escaped path is a glob that matches it only', () => {
  const texts = fc.string({ unit: fc.constantFrom(...'*?[]{}()!+@,|\\a.-^:'), minLength: 1 })
  fc.assert(
    fc.property(texts, texts, (text, other) => {
      expect(splitGlob(escapeGlob(text), refuse)).toBe(null)
      expect(glob(escapeGlob(text)).matches(text)).toBe(!text.startsWith('./'))
      expect(glob(escapeGlob(text)).matches(other)).toBe(other === text)
    }),
  )
})

/** A step is a state reached or an edge looked at, so the count is the same on every machine. */
function stepsOf(pattern: string, text: string, kind: GlobKind): number {
  const { begin } = glob(pattern, kind)
  return begin().reduce((steps, walk) => {
    walk.takeAll(text)
    return steps + walk.steps
  }, 0)
}

const hostile = [
  '+(a*)b',
  '*a*a*a*b',
  `${'*a'.repeat(400)}b`,
  `${'+(a|'.repeat(40)}x${')'.repeat(40)}b`,
  `${'*(*('.repeat(20)}a${'))'.repeat(20)}b`,
  '+(+(a)+(a*)+(*a))+(a)b',
  `${'{a,a*}'.repeat(100)}b`,
  `${'{a,b}'.repeat(600)}c`,
  `${'?(a)'.repeat(400)}b`,
  `${'@(a|a?|a*)'.repeat(100)}b`,
  '!(+(a*)b)c',
  '!(!(!(a*)*)a)b',
  `${'!(b)'.repeat(200)}c`,
  `${'**/'.repeat(300)}*b`,
]

test.each(hostile)('the hostile glob %.40s ends within steps linear in the name', (pattern) => {
  // Several edges and skips lead from a state, a few more are looked at to find the right one.
  const perCharacter = 10 * pattern.length
  for (const length of [100, 1000]) {
    const text = 'a'.repeat(length)
    expect(glob(pattern).matches(text)).toBe(false)
    expect(stepsOf(pattern, text, 'files')).toBeLessThan(perCharacter * (length + 2))
    expect(stepsOf(pattern, 'a/'.repeat(length / 2), 'files')).toBeLessThan(
      perCharacter * (length + 2),
    )
  }
})

test.each(['{a/,b/}'.repeat(40), `!(${'*a'.repeat(9)}${'?'.repeat(30)})`, '['.repeat(5000)])(
  'the glob %.30s, which would come to very much, is refused',
  (pattern) => {
    expect(() => glob(pattern)).toThrow(/globs|complicated|at most/)
  },
)

test('any text is a glob of files, or is refused with a reason', () => {
  const odd = fc.string({
    unit: fc.constantFrom(...'**?[]{}(),|!+@^-\\/a.:'),
    minLength: 1,
    maxLength: 60,
  })
  fc.assert(
    fc.property(fc.oneof(odd, anyText({ minLength: 1 })), odd, (pattern, text) => {
      let problem = ''
      try {
        const { matches } = parseGlob(pattern, 'files', (each) => {
          problem = each
          return new Error(each)
        })
        expect(matches(text)).toBeTypeOf('boolean')
      } catch (error) {
        expect((error as Error).message).toBe(problem)
      }
    }),
    { numRuns: 1000 },
  )
})
