/** The window of work in flight, also when work is added while it is open. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inTurns, inWindow } from '../../src/domain/window.ts'

const always = { ready: async () => {}, enough: () => false }

test('each number runs once, at most `width` at a time, whatever is added meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.tuple(fc.nat(3), fc.nat(4)), { maxLength: 12 }),
      async (units, width, plan) => {
        let to = units
        let inFlight = 0
        let most = 0
        const ran: number[] = []
        const next = await inWindow({ from: 0, to: () => to, width, ...always }, async (number) => {
          inFlight++
          most = Math.max(most, inFlight)
          ran.push(number)
          const [turns, added] = plan[number] ?? [0, 0]
          for (let each = 0; each < turns; each++) await turn()
          to += added
          inFlight--
        })
        expect(next).toBe(to)
        expect(ran).toEqual(Array.from({ length: to }, (_, number) => number))
        expect(most).toBeLessThanOrEqual(width)
      },
    ),
  )
})

test('what one adds is done by several at once', async () => {
  let to = 1
  let inFlight = 0
  let most = 0
  await inWindow({ from: 0, to: () => to, width: 4, ...always }, async (number) => {
    inFlight++
    most = Math.max(most, inFlight)
    await turn()
    if (number === 0) to += 8
    inFlight--
  })
  expect(most).toBe(4)
})

test('it stops where enough is said, and tells where', async () => {
  const ran: number[] = []
  const options = { from: 3, to: () => 9, width: 2, ready: async () => {} }
  const next = await inWindow({ ...options, enough: () => ran.length >= 3 }, async (number) => {
    ran.push(number)
    await turn()
  })
  expect(ran).toEqual([3, 4, 5])
  expect(next).toBe(6)
})

test('one that fails is told at once, and no other one starts', async () => {
  const ran: number[] = []
  const failing = inWindow({ from: 0, to: () => 9, width: 3, ...always }, async (number) => {
    ran.push(number)
    await turn()
    if (number === 1) throw new Error('one')
    await new Promise(() => {})
  })
  await expect(failing).rejects.toThrow('one')
  expect(ran).toEqual([0, 1, 2])
})

test('in turns: all that comes up is done, at most `width` at a time, and it ends behind the last', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(6),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.tuple(fc.nat(3), fc.nat(2)), { maxLength: 12 }),
      async (pieces, width, plan) => {
        let left = pieces
        let done = 0
        let all = pieces
        let inFlight = 0
        const next = () => {
          if (left === 0) return null
          left--
          inFlight++
          expect(inFlight).toBeLessThanOrEqual(width)
          return async () => {
            const [turns, added] = plan[done] ?? [0, 0]
            for (let each = 0; each < turns; each++) await turn()
            left += added
            all += added
            done++
            inFlight--
          }
        }
        await inTurns({ width, next, ...always })
        expect([done, left, inFlight]).toEqual([all, 0, 0])
      },
    ),
  )
})

test('in turns: what fails ends it, and what is under way starts nothing more', async () => {
  const ran: number[] = []
  const next = () => {
    const number = ran.push(ran.length)
    return async () => {
      await turn()
      if (number === 2) throw new Error('two')
      await turn()
    }
  }
  await expect(inTurns({ width: 2, next, ...always })).rejects.toThrow('two')
  const before = ran.length
  for (let each = 0; each < 5; each++) await turn()
  expect(ran.length).toBe(before)
})
