/** The plan: every piece of every file is in exactly one unit, whatever the sizes. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PlannedFile, planUnits, unitBytes } from '../../../src/domain/plan.ts'
import type { Unit } from '../../../src/domain/words.ts'
import { csv } from '../../../src/formats/csv/format.ts'

/** A file with cuts at the given distances; some stretches between them are flaws. */
const file = fc
  .record({
    start: fc.integer({ min: 0, max: 20 }),
    pieces: fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.boolean(), fc.nat(9)), {
      maxLength: 30,
    }),
    layout: fc.constantFrom('a', 'b'),
    newline: fc.constantFrom('\n' as const, '\r\n' as const),
  })
  .map(({ start, pieces, layout, newline }) => {
    let at = { offset: start, lines: 1, records: 0, broken: 0 }
    const cuts = [at]
    const flaws = []
    for (const [size, flawed, records] of pieces) {
      const isFlaw = flawed && size > 50
      if (isFlaw) {
        flaws.push({ start: at.offset, end: at.offset + size, line: at.lines + 1 })
      }
      at = {
        offset: at.offset + size,
        lines: at.lines + 1,
        records: at.records + (isFlaw ? 0 : records),
        broken: 0,
      }
      cuts.push(at)
    }
    return {
      layout,
      shape: { reading: { ...csv.empty, newline }, header: null, width: 1, cuts, flaws },
    }
  })

const files = fc.array(file, { maxLength: 20 }).map((list): PlannedFile[] =>
  list.map(({ layout, shape }, fileNo) => {
    const reading = csv.ofUnit(shape.reading)
    return { fileNo, shape, columns: [layout], reading }
  }),
)

async function planned(list: PlannedFile[], size: number): Promise<Unit[]> {
  const units: Unit[] = []
  for await (const unit of planUnits(list, () => size)) units.push(unit)
  return units
}

test('splits and flaws cover every file once, in order, one layout a unit', async () => {
  await fc.assert(
    fc.asyncProperty(files, fc.integer({ min: 1, max: 300 }), async (list, size) => {
      const units = await planned(list, size)
      for (const { fileNo, shape, columns } of list) {
        const of = <T extends { fileNo: number }>(all: T[]) =>
          all.filter((each) => each.fileNo === fileNo)
        const parts = [
          ...of(units.flatMap(({ splits }) => splits)),
          ...of(units.flatMap(({ flaws }) => flaws)),
        ].sort((a, b) => a.start - b.start)
        let at = shape.cuts[0]?.offset
        for (const part of parts) {
          expect(part.start).toBe(at)
          at = part.end
        }
        expect(at).toBe(shape.cuts.at(-1)?.offset)
        const mine = units.filter(
          ({ splits, flaws }) => of([...splits, ...flaws] as never).length > 0,
        )
        for (const unit of mine) {
          expect(unit.columns).toEqual(columns)
          expect(unit.reading.newline).toBe(shape.reading.newline)
        }
      }
      const records = list.reduce((sum, { shape }) => sum + (shape.cuts.at(-1)?.records ?? 0), 0)
      expect(units.reduce((sum, unit) => sum + unit.records, 0)).toBe(records)
      for (const unit of units) {
        expect(unit.sizeBytes).toBe(
          unit.splits.reduce((sum, { start, end }) => sum + end - start, 0),
        )
        expect(unit.splits.length + unit.flaws.length).toBeGreaterThan(0)
      }
    }),
    { numRuns: 300 },
  )
})

test('the same files give the same plan', async () => {
  await fc.assert(
    fc.asyncProperty(files, async (list) => {
      expect(await planned(list, 100)).toEqual(await planned(structuredClone(list), 100))
    }),
  )
})

test('many small files are packed into few units; units of a large ingest are larger', async () => {
  const small = Array.from({ length: 5000 }, (_, fileNo) => ({
    fileNo,
    columns: ['a'],
    reading: csv.ofUnit(csv.empty),
    shape: {
      reading: csv.empty,
      header: null,
      width: 1,
      cuts: [
        { offset: 0, lines: 0, records: 0, broken: 0 },
        { offset: 1000, lines: 10, records: 10, broken: 0 },
      ],
      flaws: [],
    },
  }))
  expect(await planned(small, unitBytes(5_000_000)(0))).toHaveLength(5)
  expect(unitBytes(1000)(0)).toBe(4 * 1024 * 1024)
  expect(unitBytes(1e12)(8e11)).toBe(32 * 1024 * 1024)
  expect(unitBytes(1e12)(9e11)).toBe(8 * 1024 * 1024)
})
