/** A list is found at its keys, wherever it lies, in chunks of any size. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ListFinder } from '../../../src/formats/json/list.ts'

function find(document: string, path: readonly string[], chunkBytes: number): number | 'lost' {
  const bytes = Buffer.from(document)
  const finder = new ListFinder(path)
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const found = finder.find(bytes.subarray(at, at + chunkBytes), 0)
    if (found >= 0) return at + found
  }
  return finder.isLost ? 'lost' : -1
}

const names = ['a', 'b', 'data', 'é', 'items', 'a"b']
const escaped = (name: string) =>
  `"${[...name].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`
const key = fc
  .tuple(fc.constantFrom(...names), fc.boolean())
  .map(([name, isLoose]) => ({ name, text: isLoose ? escaped(name) : JSON.stringify(name) }))

/** Values that have brackets, quotes and keys where they mean nothing. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    fc.constantFrom(1, null, true, '', 'a', '"a": [', ']}', '\\', '\\"', 'é', 1e300),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 3 }),
  ),
}))

test('the list at a path, whatever stands around it', () => {
  const member = fc.tuple(key, value)
  const level = fc.tuple(
    key,
    fc.array(member, { maxLength: 3 }),
    fc.array(member, { maxLength: 2 }),
  )
  fc.assert(
    fc.property(
      fc.array(level, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('', ' ', '\n\t'),
      fc.integer({ min: 1, max: 9 }),
      (levels, blank, chunkBytes) => {
        const text = ([{ text }, of]: [{ text: string }, unknown]) =>
          `${text}${blank}:${blank}${JSON.stringify(of)}`
        let before = ''
        let behind = ''
        for (const [{ name, text: own }, first, last] of levels) {
          const others = first.filter(([other]) => other.name !== name).map(text)
          before += `${blank}{${blank}${[...others, `${own}${blank}:`].join(`,${blank}`)}${blank}`
          behind = `${last.map((each) => `,${text(each)}`).join('')}}${behind}`
        }
        const path = levels.map(([{ name }]) => name)
        const at = Buffer.byteLength(before) + 1
        expect(find(`${before}[1]${behind}`, path, chunkBytes)).toBe(at)
        expect(find(`${before}{"a":[]}${behind}`, path, chunkBytes)).toBe('lost')
        expect(find(`${before}"["${behind}`, path, chunkBytes)).toBe('lost')
        expect(find(before.trimEnd(), path, chunkBytes)).toBe(-1)
      },
    ),
    { numRuns: 1000, seed: 20261128 },
  )
})

test('an object without the key, and a document that is no object, have no list', () => {
  for (const document of [
    '{"b":[1]}',
    '[{"a":[1]}]',
    '{}',
    '{"b":{"a":[1]}}',
    `{"${'a'.repeat(99)}":[]}`,
  ]) {
    expect(find(document, ['a'], 3)).toBe('lost')
  }
})
