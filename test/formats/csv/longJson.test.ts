/** JSON values so long that the memory of the loops grows while they are looked at. */
import { expect, test } from 'vitest'
import { readHeadBy } from '../../../src/formats/csv/head.ts'
import { memory } from '../../../src/formats/csv/loop.ts'
import { emptyDialect } from '../../../src/formats/csv/reading.ts'
import { Shaper } from '../../../src/formats/csv/shape.ts'

test('what is learned of a value is its own text, and not what the memory has become', () => {
  // Numbers come first, so that the loop learns the long value by its bytes; empty is no NULL here.
  const document = `[${'[],'.repeat(200_000)}7]`
  const rows = ['5', '6', `"${document}"`, '', '', '7']
  const bytes = Buffer.from(`doc,id\n${rows.map((row, id) => `${row},${id}`).join('\n')}\n`)
  const file = { name: 'x', sizeBytes: bytes.length }
  const shaper = new Shaper(readHeadBy(bytes, file, { ...emptyDialect, nullText: 'NA' }), file)
  const before = memory.bytes.length
  shaper.push(bytes)
  const [doc] = shaper.shape().types ?? []
  expect(memory.bytes.length).toBeGreaterThan(before)
  expect(doc?.tallies.map(([kind, count]) => [kind, count])).toEqual([
    ['whole', 3],
    ['jsonb', 1],
    ['=', 2],
  ])
})
