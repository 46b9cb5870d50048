/** Who has been under suspicion is alone in its process, as far as others let it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Hand, type Solo } from '../../activities/attempt/hand.ts'

const { signal } = new AbortController()

/** Something that is done when it is told so. */
function held() {
  let letGo = () => {}
  const done = new Promise<void>((resolve) => (letGo = resolve))
  return { done, letGo }
}

/** An activity that must be alone; tells when it is. */
async function alone(hand: Hand, until: Promise<void>, seen: (solo: Solo) => void): Promise<void> {
  const leave = await hand.enter(signal)
  await hand.alone(signal, async (solo) => {
    seen(solo)
    await until
  })
  leave()
}

test('it waits for others, others wait for it, and two are alone one after the other', async () => {
  const hand = new Hand()
  const events: string[] = []
  const leave = await hand.enter(signal)
  const first = held()
  const one = alone(hand, first.done, ({ isAlone }) => events.push(`one ${isAlone}`))
  const two = alone(hand, Promise.resolve(), ({ isAlone }) => events.push(`two ${isAlone}`))
  await sleep(120)
  expect(events).toEqual([])
  const late = hand.enter(signal).then((leaveToo) => {
    events.push('late')
    leaveToo()
  })
  leave()
  await sleep(120)
  expect(events).toEqual(['one true'])
  first.letGo()
  await Promise.all([one, two, late])
  expect(events.sort()).toEqual(['late', 'one true', 'two true'])
})

test('nobody waits for ever: it is told that it has company', async () => {
  const hand = new Hand(100)
  const leave = await hand.enter(signal)
  const still = held()
  let busy: Solo | null = null
  const one = alone(hand, still.done, (solo) => {
    busy = solo
  })
  await sleep(300)
  expect(busy).toMatchObject({ isAlone: false })
  leave()
  still.letGo()
  await one

  const next = held()
  const told: string[] = []
  const two = alone(hand, next.done, (solo) => {
    told.push(`alone ${solo.isAlone}`)
    solo.onCompany = async () => void told.push('company')
  })
  await sleep(100)
  const leaveToo = await hand.enter(signal)
  expect(told).toEqual(['alone true', 'company'])
  leaveToo()
  next.letGo()
  await two
})

test('what is called off does not stay in hand', async () => {
  const hand = new Hand()
  const stop = new AbortController()
  const leave = await hand.enter(signal)
  const waiting = hand.enter(signal).then(async (leaveToo) => {
    await hand.alone(stop.signal, async () => {}).finally(leaveToo)
  })
  stop.abort()
  await expect(waiting).rejects.toThrow(/abort/)
  leave()
  await alone(hand, Promise.resolve(), ({ isAlone }) => expect(isAlone).toBe(true))
})
