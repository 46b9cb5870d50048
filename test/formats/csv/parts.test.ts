/** The parts of a unit: every byte of it in exactly one, and no record in two. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { itemCount, itemsOf, partsOf } from '../../../activities/load/parts.ts'
import { planUnits } from '../../../src/domain/plan.ts'
import type { Split, Unit } from '../../../src/domain/words.ts'
import type { Dialect } from '../../../src/formats/csv/dialect.ts'
import { readHeadBy } from '../../../src/formats/csv/head.ts'
import { Shaper } from '../../../src/formats/csv/shape.ts'
import { formatOf, readerOf } from '../../../src/formats/index.ts'

const dialect: Dialect = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  newline: '\n',
  header: false,
  nullText: '',
}

const line = fc.oneof(
  fc.constantFrom(
    'a,b',
    '1,2',
    '"x","y\nz"',
    '"a ""b""",c',
    '',
    '',
    'x,"open',
    'a"b\n,c',
    '"\n"x,1',
  ),
  fc.array(fc.constantFrom(',', '"', '\n', 'x', '\r'), { maxLength: 8 }).map((all) => all.join('')),
)
const content = fc
  .tuple(
    fc.array(line, { minLength: 1, maxLength: 40 }),
    fc.constantFrom('\n', '\r\n', '\r'),
    fc.boolean(),
    fc.constantFrom('first,line', 'first'),
  )
  .map(([lines, end, last, first]) => {
    // Whether blank lines count depends on the first record, so it must be found as it is.
    const text = [first, ...lines].join(end) + (last ? end : '')
    return Buffer.from(end === '\r' ? text.replaceAll('\n', '\r') : text)
  })

/** Files as staging and plan see them: one unit. */
async function unitOf(files: Buffer[]): Promise<Unit> {
  const shaped = files.map((bytes, fileNo) => {
    const file = { name: 'x', sizeBytes: bytes.length }
    const shaper = new Shaper(readHeadBy(bytes, file, dialect), file)
    shaper.push(bytes)
    const shape = shaper.shape()
    const columns = Array.from({ length: shape.width }, (_, n) => `c${n}`)
    return {
      fileNo,
      shape,
      columns,
      reading: formatOf(shape.reading).ofUnit(shape.reading, columns),
    }
  })
  const units: Unit[] = []
  for await (const unit of planUnits(shaped, () => Number.MAX_SAFE_INTEGER)) units.push(unit)
  return units[0] as Unit
}

async function listed<T>(all: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const each of all) list.push(each)
  return list
}

const reader =
  (files: Buffer[]) =>
  async ({ fileNo, start, end }: Split): Promise<Buffer> =>
    (files[fileNo] as Buffer).subarray(start, end)

const spans = (units: Unit[]) =>
  units
    .flatMap(({ splits, flaws }) => [...splits, ...flaws])
    .map(({ fileNo, start, end }) => ({ fileNo, start, end }))
    .sort((a, b) => a.fileNo - b.fileNo || a.start - b.start)

/** Neighbours become one again. */
function joined(units: Unit[]) {
  const all: { fileNo: number; start: number; end: number }[] = []
  for (const span of spans(units)) {
    const last = all.at(-1)
    if (last?.fileNo === span.fileNo && last.end === span.start) last.end = span.end
    else all.push({ ...span })
  }
  return all
}

/** The records as the repair lane finds them, by file and line. */
async function found(units: Unit[], files: Buffer[]) {
  const all: string[] = []
  for (const unit of units) {
    for (const split of unit.splits) {
      const slice = await reader(files)(split)
      const columns = unit.columns.map((name) => ({ name, type: 'text' }))
      const written = readerOf(unit.reading, columns).write(slice, split.lines)
      const { broken, lines, starts, rawEnds } = written
      const sound = lines.map((line, at) => ({
        line,
        raw: slice.subarray(starts[at], rawEnds[at]),
      }))
      expect(sound.length + broken.length).toBeGreaterThanOrEqual(split.records)
      for (const each of [...sound, ...broken]) {
        all.push(`${split.fileNo}:${each.line}:${each.raw.toString('hex')}`)
      }
    }
  }
  return all.sort()
}

test('parts cover the unit exactly; records and lines are those of the whole', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(content, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 2, max: 20 }),
      async (files, partsMax) => {
        const unit = await unitOf(files)
        const parts = await partsOf(unit, reader(files), partsMax)
        expect(joined(parts)).toEqual(joined([unit]))
        const items = await listed(itemsOf(unit, reader(files)))
        expect(items.length).toBe(itemCount(unit))
        expect(parts.length).toBe(Math.max(1, Math.min(partsMax, items.length)))
        for (const count of ['records', 'broken', 'odd', 'sizeBytes'] as const) {
          expect(parts.reduce((sum, part) => sum + (part[count] ?? 0), 0)).toBe(unit[count] ?? 0)
        }
        for (const part of parts) {
          if (parts.length > 1) expect(itemCount(part)).toBeGreaterThan(0)
          expect(part.sizeBytes).toBe(part.splits.reduce((sum, s) => sum + s.end - s.start, 0))
          expect((await listed(itemsOf(part, reader(files)))).length).toBe(itemCount(part))
        }
        expect(await found(parts, files)).toEqual(await found([unit], files))
      },
    ),
    { numRuns: 1000 },
  )
})

test('split again and again, every item is alone at last', async () => {
  const files = [Buffer.from('a,b\n\n1,2\n"x\ny",3\n4,"open\n5,6\n\n7,8')]
  const whole = await unitOf(files)
  const flaw = { fileNo: 0, start: 100, end: 200, line: 12 }
  const parts: Unit[] = []
  const todo: Unit[] = [{ ...whole, flaws: [flaw] }]
  while (todo.length > 0) {
    const halves = await partsOf(todo.pop() as Unit, reader(files), 2)
    if (halves.length === 1) parts.push(...halves)
    else todo.push(...halves)
  }
  const items = []
  for (const part of parts) {
    expect(itemCount(part)).toBe(1)
    items.push(...(await listed(itemsOf(part, reader(files)))))
  }
  items.sort((a, b) => a.start - b.start)
  expect(items.map((each) => [each.line, each.kind])).toEqual([
    [1, 'record'],
    [3, 'record'],
    [4, 'record'],
    [6, 'broken'],
    [7, 'record'],
    [9, 'record'],
    [12, 'flaw'],
  ])
})
