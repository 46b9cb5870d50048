/** `npm run bench`: measures what the README claims, side by side on one machine in one go. */
import { mkdir } from 'node:fs/promises'
import { workflowBundle } from '../src/worker/bundle.ts'
import { Closing } from './closing.ts'
import { compare } from './compare.ts'
import { comparisonLines } from './compareReport.ts'
import type { Contender } from './contender.ts'
import { columns, makeRows, warm } from './data.ts'
import { measureLatency } from './latency.ts'
import { describeMachine, machineLine } from './machine.ts'
import { takeTurns } from './measure.ts'
import { type BenchOptions, contenderNames, fullRows, readOptions, usage } from './options.ts'
import { findPsql, noPsql, onePsql, slicedPsql } from './psql.ts'
import { latencyLines, type Results, table, writeResults } from './report.ts'
import { profilesFolder, sluiceAppend, sluiceNew } from './sluice.ts'
import { openStack, type Stack } from './stack.ts'
import { type LoadResult, summarize } from './summary.ts'

const say = (line: string): void => console.error(`bench  ${line}`)

async function bench(options: BenchOptions, closing: Closing): Promise<void> {
  const psql = await findPsql()
  if (!psql && options.contenders.length > 0) say(noPsql)
  if (options.cpuProf) await mkdir(profilesFolder, { recursive: true })
  await workflowBundle()
  const stack = await openStack(closing)
  const machine = await describeMachine(stack.db, psql)
  say(machineLine(machine))
  const results: Results = { machine }
  if (options.contenders.length > 0) {
    results.load = await benchLoad(stack, options, psql)
    console.log(`\n${table(results.load)}\n`)
  }
  if (options.latency) {
    const measured = await measureLatency(stack, options)
    results.latency = { measuredAt: new Date().toISOString(), ...measured }
    console.log(`${latencyLines(measured)}\n`)
  }
  if (options.steps || options.replicas || options.celery) {
    const tasks = await compare(stack, options, say)
    if (tasks) {
      results.tasks = tasks
      console.log(`\n${comparisonLines(tasks)}\n`)
    }
  }
  const name = resultName(options)
  await writeResults(name, results)
  say(`written: bench/results/${name}.json, bench/results/${name}.md`)
}

async function benchLoad(
  stack: Stack,
  options: BenchOptions,
  psql: string | null,
): Promise<LoadResult> {
  const rows = await makeRows(options.rows, say)
  await warm(rows)
  const arena = { stack, rows, options }
  const all: Contender[] = [
    onePsql(arena, psql),
    slicedPsql(arena, psql),
    sluiceNew(arena),
    sluiceAppend(arena),
  ]
  const contenders = all.filter(({ name }) => options.contenders.includes(name))
  const turns = await takeTurns(arena, contenders, say)
  const { pairs: rounds, concurrency } = options
  return summarize(turns, rows, { rounds, concurrency, columns: columns.length })
}

/** Only full figures replace the last full ones. */
function resultName(options: BenchOptions): string {
  const { contenders, rows, cpuProf, steps, replicas, celery } = options
  const isFull = contenders.length === 0 || (rows === fullRows && !cpuProf)
  const isWhole = contenders.length === 0 || contenders.length === contenderNames.length
  const isCompared = steps === replicas && replicas === celery
  return isFull && isWhole && isCompared ? 'latest' : `rows-${rows}`
}

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

/** Ctrl-C ends the bench like any failure: everything is closed, and the folder is gone. */
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
  const work = bench(options, closing).then(
    () => 0,
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
