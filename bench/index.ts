/** `npm run bench`: measures what the README claims, side by side on one machine in one go. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Closing } from './closing.ts'
import { compare } from './compare.ts'
import { comparisonLines } from './compareReport.ts'
import type { Contender } from './contender.ts'
import { columns, makeRows, warm } from './data.ts'
import { textOf } from './grid.ts'
import { chartFile, drawGrowth } from './growth/chart.ts'
import { measureLatency } from './latency.ts'
import { describeMachine, type Machine, machineLine } from './machine.ts'
import { takeTurns } from './measure.ts'
import { measures, type Parts } from './measures.ts'
import {
  type BenchOptions,
  contenderNames,
  fullRows,
  type MeasureName,
  readOptions,
  usage,
} from './options.ts'
import { findPsql, noPsql, onePsql, slicedPsql } from './psql.ts'
import { latencyLines, table } from './report.ts'
import { keepResults, type Measured, readResults, resultsFolder, tryResults } from './results.ts'
import { profilesFolder, sluiceAppend, sluiceNew } from './sluice.ts'
import { openStack, type Stack } from './stack.ts'
import { type LoadResult, summarize } from './summary.ts'

const say = (line: string): void => console.error(`bench  ${line}`)

/** What was measured, apart: only full figures replace the last full ones. */
interface Findings {
  whole: Measured
  small: Measured
}

async function bench(options: BenchOptions, closing: Closing): Promise<void> {
  const psql = await findPsql()
  if (!psql && options.contenders.length > 0) say(noPsql)
  if (options.cpuProf) await mkdir(profilesFolder, { recursive: true })
  const stack = await openStack(closing)
  const machine = await describeMachine(stack.db, psql)
  say(machineLine(machine))
  const findings: Findings = { whole: {}, small: {} }
  try {
    if (options.contenders.length > 0) await benchLoads(stack, options, { psql, findings })
    if (options.latency) await benchLatency(stack, options, findings)
    await benchTasks(stack, options, findings)
    for (const name of options.measures) await benchPart(name, stack, options, findings)
  } finally {
    // One that fails takes nothing from those before it.
    await write(machine, findings)
  }
}

async function benchLoads(
  stack: Stack,
  options: BenchOptions,
  { psql, findings }: { psql: string | null; findings: Findings },
): Promise<void> {
  const load = await benchLoad(stack, options, psql)
  const isWhole = options.contenders.length === contenderNames.length
  const isFull = isWhole && options.rows === fullRows && !options.cpuProf
  findings[isFull ? 'whole' : 'small'].load = load
  console.log(`\n${table(load)}\n`)
}

async function benchLatency(
  stack: Stack,
  options: BenchOptions,
  { whole }: Findings,
): Promise<void> {
  const measured = await measureLatency(stack, options)
  whole.latency = { measuredAt: new Date().toISOString(), ...measured }
  console.log(`${latencyLines(measured)}\n`)
}

async function benchTasks(stack: Stack, options: BenchOptions, findings: Findings): Promise<void> {
  const { steps, replicas, celery } = options
  if (!steps && !replicas && !celery) return
  const tasks = await compare(stack, options, say)
  if (!tasks) return
  const isWhole = steps && replicas && tasks.sides.celery !== undefined
  findings[isWhole ? 'whole' : 'small'].tasks = tasks
  console.log(`\n${comparisonLines(tasks)}\n`)
}

async function benchPart<Name extends MeasureName>(
  name: Name,
  stack: Stack,
  options: BenchOptions,
  findings: Findings,
): Promise<void> {
  const measure = measures[name]
  const part = await measure.measure(stack, options, say)
  const among: Partial<Parts> = findings[measure.isFull(part) ? 'whole' : 'small']
  among[name] = part
  console.log(`\n${textOf(measure.tell(part))}\n`)
}

async function write(machine: Machine, { whole, small }: Findings): Promise<void> {
  if (Object.keys(whole).length > 0) {
    await keepResults(machine, whole)
    say('written: bench/results/latest.json, bench/results/latest.md')
    if (whole.growth) await drawGrowth(whole.growth, machine, chartFile)
  }
  if (Object.keys(small).length > 0) {
    await tryResults(machine, small)
    say('smaller than the full figures, so apart: bench/results/trial.json, trial.md')
    if (small.growth) await drawGrowth(small.growth, machine, join(resultsFolder, 'growth.svg'))
  }
}

/** Draws again what is measured already. */
async function chart(): Promise<void> {
  const latest = await readResults('latest')
  if (!latest?.growth) {
    throw new Error('bench/results/latest.json has no growth yet: npm run bench -- growth')
  }
  await drawGrowth(latest.growth, latest.elsewhere?.growth ?? latest.machine, chartFile)
  say('drawn: docs/growth.svg')
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
  if (options.chart) {
    await chart()
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
