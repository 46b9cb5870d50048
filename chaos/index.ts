/** `npm run chaos`: faults in the middle of every verb, and what comes of them. */
import { Closing } from '../bench/closing.ts'
import { describeMachine } from '../bench/machine.ts'
import { openStack } from '../bench/stack.ts'
import { type ChaosOptions, readOptions, usage } from './options.ts'
import { isGood, lineOf, table, writeReport } from './report.ts'
import { storm } from './storm.ts'
import { playAll } from './together.ts'

const say = (line: string): void => console.error(`chaos  ${line}`)

/** @returns whether all went as expected */
async function chaos(options: ChaosOptions, closing: Closing): Promise<boolean> {
  const startMs = Date.now()
  const stack = await openStack(closing, 'chaos')
  if (options.form === 'storm') return storm(stack, options, say)
  const { cells, isWhole } = options
  say(`${cells.length} cells`)
  let done = 0
  const played = await playAll(stack, cells, (one) => {
    // What is interrupted fails.
    if (closing.begun) return
    say(`${String(++done).padStart(2)}  ${lineOf(one)}`)
    for (const problem of one.problems) console.error(problem)
  })
  console.log(`\n${table(played)}\n`)
  const name = isWhole ? 'latest' : 'selection'
  const machine = await describeMachine(stack.db, null)
  const seconds = (Date.now() - startMs) / 1000
  const playedAt = new Date(startMs).toISOString()
  await writeReport(name, { playedAt, machine, seconds, played })
  const wrong = played.filter((one) => !isGood(one)).length
  say(`${played.length - wrong} as expected, ${wrong} wrong, ${Math.round(seconds)} s`)
  say(`written: chaos/results/${name}.md, chaos/results/${name}.json`)
  return wrong === 0
}

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

/** Ctrl-C ends it like any failure: everything is closed, and the folder is gone. */
const interrupted = (): Promise<number> =>
  new Promise((resolve) => {
    for (const [signal, code] of Object.entries(signals)) process.on(signal, () => resolve(code))
  })

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (!options) {
    console.log(usage)
    return 0
  }
  const closing = new Closing()
  // After a signal nobody waits for it, and it fails for want of its servers.
  const work = chaos(options, closing).then(
    (isWell) => (isWell ? 0 : 1),
    (error) => {
      if (!closing.begun) console.error(error)
      return 1
    },
  )
  const broken = closing.broken.then((what) => {
    console.error(`${what} ended by itself.`)
    return 1
  })
  const code = await Promise.race([work, interrupted(), broken])
  await closing.close()
  return code
}

const code = await main().catch((error) => {
  console.error(error.message)
  return 1
})
// What was interrupted may still wait for something that will not come.
process.exit(code)
