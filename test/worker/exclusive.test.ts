/** Work that may have killed a process has one to itself, as far as other work lets it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Exclusive, type ExclusiveRun } from '../../activities/attempt/exclusive.ts'
import { until } from '../harness.ts'

const { signal } = new AbortController()

/** Something that is done when it is told so. */
function held() {
  let letGo = () => {}
  const done = new Promise<void>((resolve) => (letGo = resolve))
  return { done, letGo }
}

/** An activity that must be alone; tells when it is. */
async function alone(
  exclusive: Exclusive,
  ends: Promise<void>,
  seen: (run: ExclusiveRun) => void,
): Promise<void> {
  const leave = await exclusive.enter(signal)
  await exclusive.run(signal, async (run) => {
    seen(run)
    await ends
  })
  leave()
}

test('it waits for others, others wait for it, and two are alone one after the other', async () => {
  const exclusive = new Exclusive()
  const events: string[] = []
  const leave = await exclusive.enter(signal)
  const first = held()
  const one = alone(exclusive, first.done, ({ isExclusive }) => events.push(`one ${isExclusive}`))
  const two = alone(exclusive, Promise.resolve(), ({ isExclusive }) =>
    events.push(`two ${isExclusive}`),
  )
  await sleep(120)
  expect(events).toEqual([])
  const late = exclusive.enter(signal).then((leaveToo) => {
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
  const exclusive = new Exclusive(100)
  const leave = await exclusive.enter(signal)
  const still = held()
  let busy: ExclusiveRun | null = null
  const one = alone(exclusive, still.done, (run) => {
    busy = run
  })
  await until(() => busy !== null, { what: 'the end of its patience' })
  expect(busy).toMatchObject({ isExclusive: false })
  leave()
  still.letGo()
  await one

  const next = held()
  const told: string[] = []
  const two = alone(exclusive, next.done, (run) => {
    told.push(`alone ${run.isExclusive}`)
    run.onShared = async () => void told.push('company')
  })
  await until(() => told.length > 0, { what: 'the run that is alone' })
  const leaveToo = await exclusive.enter(signal)
  expect(told).toEqual(['alone true', 'company'])
  leaveToo()
  next.letGo()
  await two
})

test('what is called off does not stay in exclusive', async () => {
  const exclusive = new Exclusive()
  const stop = new AbortController()
  const leave = await exclusive.enter(signal)
  const waiting = exclusive.enter(signal).then(async (leaveToo) => {
    await exclusive.run(stop.signal, async () => {}).finally(leaveToo)
  })
  stop.abort()
  await expect(waiting).rejects.toThrow(/abort/)
  leave()
  await alone(exclusive, Promise.resolve(), ({ isExclusive }) => expect(isExclusive).toBe(true))
})
