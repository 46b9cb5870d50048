/** Time limits: what people write becomes milliseconds, or is refused with its place. */
import fc from 'fast-check'
import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { normalLimits, TimeLimits } from '../../src/domain/timeLimits.ts'

const dayMs = 86_400_000
const refuse = (at: string, problem: string) => new Error(`${at}: ${problem}`)

function normal(limits: unknown) {
  // What the schema refuses does not get this far.
  expect(Value.Check(TimeLimits, limits)).toBe(true)
  return normalLimits(limits as TimeLimits, refuse)
}

test.each([
  ['30s', 30_000],
  ['10m', 600_000],
  ['2h', 7_200_000],
  ['1.5h', 5_400_000],
  ['1 d', dayMs],
  ['30d', 30 * dayMs],
  ['1500ms', 1500],
  ['1.001s', 1001],
  ['1s', 1000],
  [1000, 1000],
  [90_000, 90_000],
])('%j is %d ms', (duration, hardMs) => {
  expect(normal({ load: duration }).load?.hardMs).toBe(hardMs)
  expect(normal({ load: { hard: duration } })).toEqual(normal({ load: duration }))
})

test('nothing given, nothing limited', () => {
  expect(normal({})).toEqual({})
  expect(normal({ load: {} })).toEqual({})
})

test('a hard limit alone gets a soft one: a tenth before it, at least a second', () => {
  expect(normal({ plan: '10m' })).toEqual({ plan: { softMs: 540_000, hardMs: 600_000 } })
  expect(normal({ plan: '10s' })).toEqual({ plan: { softMs: 9000, hardMs: 10_000 } })
  expect(normal({ plan: '5s' })).toEqual({ plan: { softMs: 4000, hardMs: 5000 } })
  expect(normal({ plan: '2s' })).toEqual({ plan: { softMs: 1000, hardMs: 2000 } })
  expect(normal({ plan: 1999 })).toEqual({ plan: { hardMs: 1999 } })
  expect(normal({ plan: '1s' })).toEqual({ plan: { hardMs: 1000 } })
})

test('no soft limit is longer than a timer can wait', () => {
  expect(normal({ load: '30d' }).load).toEqual({ softMs: 24 * dayMs, hardMs: 30 * dayMs })
  expect(normal({ load: { soft: '24d' } })).toEqual({ load: { softMs: 24 * dayMs } })
  expect(() => normal({ load: { soft: '25d' } })).toThrow(
    '/load/soft: 25d is more than the 24 days',
  )
})

test('a soft limit stands alone, and both are taken as they are', () => {
  const limits = { list: { soft: '1m' }, step: { soft: 999_999, hard: '1000s' } }
  expect(normal(limits)).toEqual({
    list: { softMs: 60_000 },
    step: { softMs: 999_999, hardMs: 1_000_000 },
  })
})

test.each([
  [{ load: { soft: '2m', hard: '1m' } }, '/load/soft: the soft limit (2m) must be below'],
  [{ load: { soft: '1m', hard: 60_000 } }, '/load/soft: the soft limit (1m) must be below'],
  [{ load: 600 }, '/load: 600 ms is not from 1 s to 30 days'],
  [{ load: { soft: -5 } }, '/load/soft: -5 ms is not from 1 s'],
  [{ load: 31 * dayMs }, '/load: 2678400000 ms is not'],
  [{ stage: '31d' }, '/stage: 31d is not from 1 s to 30 days'],
  [{ stage: '0.5s' }, '/stage: 0.5s is not from 1 s to 30 days'],
  [{ stage: '999ms' }, '/stage: 999ms is not'],
  [{ step: { soft: '0s', hard: '1m' } }, '/step/soft: 0s is not'],
  [{ step: { hard: '9999999999d' } }, '/step/hard: 9999999999d is not'],
])('%j is refused', (limits, problem) => {
  expect(() => normal(limits)).toThrow(problem)
})

test.each([
  [{ sweep: '1m' }],
  [{ load: 1000.5 }],
  [{ load: '10 minutes' }],
  [{ load: '10' }],
  [{ load: '1h30m' }],
  [{ load: '-1s' }],
  [{ load: '10M' }],
  [{ load: '' }],
  [{ load: null }],
  [{ load: { soft: '1m', firm: '2m' } }],
  [[]],
])('the schema refuses %j', (limits) => {
  expect(Value.Check(TimeLimits, limits)).toBe(false)
})

test('what comes out is whole numbers in order, from 1 s to 30 days', () => {
  const amount = fc.integer({ min: 1, max: 10_000_000 })
  const duration = fc.oneof(
    fc.integer({ min: 1000, max: 30 * dayMs }),
    fc.tuple(amount, fc.constantFrom('ms', 's', 'm', 'h', 'd')).map(([n, unit]) => `${n}${unit}`),
  )
  const both = fc.record({ soft: duration, hard: duration }, { requiredKeys: [] })
  let taken = 0
  fc.assert(
    fc.property(fc.oneof(duration, both), (load) => {
      let limits: ReturnType<typeof normal>
      try {
        limits = normal({ load })
      } catch (error) {
        expect((error as Error).message).toMatch(/^\/load/)
        return
      }
      taken++
      const { softMs = 1000, hardMs = 30 * dayMs } = limits.load ?? {}
      expect([softMs, hardMs].every(Number.isInteger)).toBe(true)
      expect(softMs).toBeGreaterThanOrEqual(1000)
      expect(hardMs).toBeLessThanOrEqual(30 * dayMs)
      if (limits.load?.softMs && limits.load.hardMs) expect(softMs).toBeLessThan(hardMs)
      expect(JSON.parse(JSON.stringify(limits))).toEqual(limits)
    }),
    { numRuns: 2000 },
  )
  expect(taken).toBeGreaterThan(300)
})
