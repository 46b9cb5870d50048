/** Which files of a listing are taken, and in which order. */
import { expect, test } from 'vitest'
import { selectionOf } from '../../src/domain/selection.ts'

const now = Date.parse('2026-11-28T12:00:00Z')
const at = (name: string, modified: string) => ({ name, modifiedMs: Date.parse(modified) })
const file = at('/data/in/a.csv', '2026-11-27T12:00:00Z')

test.each([
  [{}, null],
  [{ exclude: ['*.tmp'] }, null],
  [{ exclude: ['*.tmp', 'a.*'] }, 'excluded'],
  // One without a slash is for names, wherever they lie.
  [{ exclude: ['in'] }, null],
  [{ exclude: ['in/*'] }, 'excluded'],
  [{ exclude: ['data/in/*.csv'] }, 'excluded'],
  [{ exclude: ['/in/*'] }, null],
  [{ exclude: ['/data/**'] }, 'excluded'],
  [{ newerThan: '1d' }, 'not newer than 1d'],
  [{ newerThan: '25h' }, null],
  [{ olderThan: '25h' }, 'not older than 25h'],
  [{ olderThan: '1.5h' }, null],
  [{ newerThan: '2026-11-27' }, null],
  [{ newerThan: '2026-11-28' }, 'not newer than 2026-11-28'],
  [{ newerThan: '2026-11-27T12:00' }, 'not newer than 2026-11-27T12:00'],
  [{ newerThan: '2026-11-27 11:59:59.999' }, null],
  [{ newerThan: '2026-11-27T13:00+01:00' }, 'not newer than 2026-11-27T13:00+01:00'],
  [{ newerThan: '2026-11-27T13:00:01+02:00' }, null],
  [{ newerThan: '2026-11-27', olderThan: '2026-11-28' }, null],
])('%j: %s', (options, why) => {
  expect(selectionOf(options, now).why(file)).toBe(why)
})

test.each([
  [{ newerThan: '2026-13-01' }, 'source.newerThan is 2026-13-01, which is no time'],
  [{ olderThan: '2026-11-28Tnoon' }, 'source.olderThan is 2026-11-28Tnoon'],
  [{ exclude: ['[a'] }, 'source.exclude has [a: a [ has no ]'],
  [{ exclude: ['!a'] }, 'a glob cannot be turned round with !'],
])('%j is refused', (options, message) => {
  expect(() => selectionOf(options, now)).toThrow(message)
})

test.each([
  [undefined, ['a', 'b', 'c']],
  ['name', ['a', 'b', 'c']],
  ['oldest', ['b', 'a', 'c']],
  ['newest', ['a', 'c', 'b']],
] as const)('in the order %s', (order, wanted) => {
  const files = [at('a', '2026-11-02'), at('b', '2026-11-01'), at('c', '2026-11-02')]
  const { place } = selectionOf(order ? { order } : {}, now)
  const placed = files.map((each) => ({ name: each.name, place: place(each) }))
  placed.sort((x, y) => x.place - y.place || (x.name < y.name ? -1 : 1))
  expect(placed.map(({ name }) => name)).toEqual(wanted)
})
