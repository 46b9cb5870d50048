/** Slots: never more tasks than the limit, and no queue shut out by another one. */
import { setMaxListeners } from 'node:events'
import { expect, test } from 'vitest'
import { Slots } from '../../src/worker/slots.ts'

const never = new AbortController().signal
setMaxListeners(0, never)

/** Plays the SDK: one poll at a time for a queue, and tasks that the test lets in. */
function poller(slots: Slots, queue: string) {
  const supplier = slots.supplier(queue)
  type Permit = Awaited<ReturnType<typeof supplier.reserveSlot>>
  const polls: Permit[] = []
  const used: Permit[] = []
  const context = {} as never
  return {
    polls,
    used,
    /** Asks for as many polls as the SDK would have open. */
    poll(times: number, signal = never) {
      for (let n = 0; n < times; n++) {
        supplier.reserveSlot(context, signal).then(
          (permit) => polls.push(permit),
          () => {},
        )
      }
    },
    /** A poll brings a task. */
    receive() {
      const permit = polls.shift() as Permit
      used.push(permit)
      supplier.markSlotUsed({ permit } as never)
    },
    end() {
      supplier.releaseSlot({ permit: used.shift() } as never)
    },
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('queues that share a limit each keep a poll open, and one more task at most waits', async () => {
  const slots = new Slots(3)
  const busy = poller(slots, 'busy')
  const idle = poller(slots, 'idle')
  busy.poll(10)
  await settled()
  expect(busy.polls.length).toBe(3)
  // The limit is full of polls, but this queue has none.
  idle.poll(10)
  await settled()
  expect(idle.polls.length).toBe(1)
  for (let n = 0; n < 3; n++) busy.receive()
  await settled()
  // Every slot is used: nobody polls anew, the poll that is open stays.
  expect([busy.polls.length, idle.polls.length]).toEqual([0, 1])
  busy.end()
  await settled()
  expect(busy.polls.length + busy.used.length + idle.polls.length).toBeLessThanOrEqual(4)
  expect(busy.polls.length).toBe(1)
})

test('enter lets in as many as the limit, in order, and more when it grows', async () => {
  const slots = new Slots(2)
  const inside: number[] = []
  for (let n = 0; n < 5; n++) void slots.enter(never).then(() => inside.push(n))
  await settled()
  expect(inside).toEqual([0, 1])
  slots.leave()
  await settled()
  expect(inside).toEqual([0, 1, 2])
  slots.resize(4)
  await settled()
  expect(inside).toEqual([0, 1, 2, 3, 4])
  expect(slots.running).toBe(4)
})

test('a smaller limit holds once those inside have left', async () => {
  const slots = new Slots(3)
  for (let n = 0; n < 3; n++) await slots.enter(never)
  slots.resize(1)
  let isSettled = false
  void slots.settled().then(() => {
    isSettled = true
  })
  slots.leave()
  await settled()
  expect(isSettled).toBe(false)
  slots.leave()
  await settled()
  expect(isSettled).toBe(true)
})

test('who stops waiting takes no slot', async () => {
  const slots = new Slots(1)
  await slots.enter(never)
  const stop = new AbortController()
  const waiting = slots.enter(stop.signal)
  stop.abort()
  await expect(waiting).rejects.toThrow()
  slots.leave()
  await slots.enter(never)
  expect(slots.running).toBe(1)
})
