/** The lattice of types: nothing that was valid becomes invalid, or another value. */
import fc from 'fast-check'
import { afterAll, expect, inject, test } from 'vitest'
import { sampleTypes } from '../../src/domain/columns.ts'
import { canWiden, widerTypes } from '../../src/domain/widen.ts'
import { type Connection, openDb, transaction } from '../../src/postgres/db.ts'
import { takesAll } from '../../src/postgres/target/types.ts'
import { alterTypes } from '../../src/postgres/target/widen.ts'

const db = openDb(inject('databaseUrl'), { max: 1, name: 'test' })
afterAll(() => db.end())

async function takingAll(tx: Connection, types: readonly string[], values: readonly string[]) {
  const taking: string[] = []
  for (const type of types) if (await takesAll(tx, type, values, {})) taking.push(type)
  return taking
}

test('every way ends with text, and none comes back to where it was', () => {
  for (const type of sampleTypes) {
    const way = widerTypes(type)
    expect(way[0]).toBe(type)
    expect(way.at(-1)).toBe('text')
    expect(new Set(way).size).toBe(way.length)
    // What may follow a wider type is what may follow on the way to it.
    for (const [at, wider] of way.entries()) {
      const rest = canWiden(wider) ? widerTypes(wider) : ['text']
      expect(way.slice(at)).toEqual(rest)
    }
  }
  expect(widerTypes('text')).toEqual(['text'])
  expect(widerTypes('integer')).toEqual(['integer'])
})

const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`))
const number = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.tuple(fc.constantFrom('', '-'), digits(25), digits(10)).map(([s, a, b]) => `${s}${a}.${b}`),
  fc.double().map(String),
  digits(40),
  fc.constantFrom(
    'NaN',
    'Infinity',
    '-Infinity',
    '1e5',
    '1E-7',
    '-0',
    '+5',
    '1_000',
    '0x1f',
    ' 7 ',
  ),
)
const pad = (n: number) => String(n).padStart(2, '0')
const date = fc
  .tuple(
    fc.integer({ min: 1, max: 9999 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 31 }),
  )
  .map(([y, m, d]) => `${String(y).padStart(4, '0')}-${pad(m)}-${pad(d)}`)
const time = fc
  .tuple(date, fc.constantFrom(' ', 'T'), fc.integer({ min: 0, max: 24 }), digits(6))
  .map(([d, sep, h, fraction]) => `${d}${sep}${pad(h)}:30:15.${fraction}`)
const zoned = fc.tuple(time, fc.constantFrom('Z', '+02', '-11:30')).map(([t, zone]) => t + zone)
const other = fc.oneof(
  fc.constantFrom('true', 'f', 'yes', 'n/a', '', 'today', 'infinity', '{"a": 1}', '[1, 2]', '[1'),
  fc.uuid(),
  fc.string().filter((text) => !text.includes('\0')),
)
const value = fc.oneof(number, date, time, zoned, other)

test('a wider type takes whatever the ones before it take', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sampleTypes),
      fc.array(value, { minLength: 1 }),
      (type, values) =>
        transaction(db, async (tx) => {
          for (const each of values) {
            const way = widerTypes(type)
            const taking = await takingAll(tx, way, [each])
            // All from the first one on: there is no gap.
            expect(taking).toEqual(way.slice(way.length - taking.length))
          }
          const taking = await takingAll(tx, widerTypes(type), values)
          expect(taking).toContain('text')
        }),
    ),
    { numRuns: 60 },
  )
})

test('a value means after the change what it meant before', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sampleTypes),
      fc.array(value, { minLength: 1 }),
      async (type, values) => {
        await transaction(db, async (tx) => {
          const valid = []
          for (const each of values) {
            if ((await takingAll(tx, [type], [each])).length > 0) valid.push(each)
          }
          for (const wider of widerTypes(type).slice(1)) {
            await tx.query(`create temp table w (n int, was ${type}, v ${type}) on commit drop`)
            for (const [n, each] of valid.entries()) {
              await tx.query(`insert into w select $1, $2::text::${type}, $2::text::${type}`, [
                n,
                each,
              ])
            }
            expect(await alterTypes(tx, 'w', [{ name: 'v', type: wider }])).toBe(true)
            const { rows } = await tx.query(
              `select count(*) as all, count(*) filter (where v::text::${type}::text = was::text) as same from w`,
            )
            expect(rows[0]).toEqual({ all: valid.length, same: valid.length })
            await tx.query('drop table w')
          }
        })
      },
    ),
    { numRuns: 40 },
  )
})
