/**
 * Takes turns: every round each contender loads the same rows into a table of its own.
 *
 * One turn comes before, and is not counted: a new server has to make and zero the files of its
 * log first, which costs whoever comes first a second.
 */
import type { Arena, Contender, Facts } from './contender.ts'
import { type CpuUse, countCpu, measurePaceMs, noiseMax, noiseOf, untilQuiet } from './cpu.ts'
import type { ContenderName } from './options.ts'
import { dropTable, verify } from './tables.ts'

const attemptsMax = 4

/** One turn of one contender. */
export interface Taken extends Facts {
  contender: ContenderName
  label: string
  round: number
  seconds: number
  cpu: CpuUse | null
  /** What a fixed piece of work took just before. */
  paceMs: number
}

export async function takeTurns(
  arena: Arena,
  contenders: Contender[],
  say: (line: string) => void,
): Promise<Taken[]> {
  for (const first of contenders.slice(0, 1)) {
    say(`${lineOf(await takeTurn(arena, first, 0))}, not counted`)
  }
  const all: Taken[] = []
  for (let round = 1; round <= arena.options.pairs; round++) {
    for (const contender of contenders) {
      all.push(await takeQuietTurn(arena, contender, round, say))
    }
  }
  return all
}

/** Whoever has patience takes a turn again that others disturbed, whatever its outcome was. */
async function takeQuietTurn(
  arena: Arena,
  contender: Contender,
  round: number,
  say: (line: string) => void,
): Promise<Taken> {
  for (let attempt = 1; ; attempt++) {
    const taken = await takeTurn(arena, contender, round)
    const disturbed = taken.cpu !== null && noiseOf(taken.cpu, taken.seconds) > noiseMax
    const again = disturbed && arena.options.patienceSeconds > 0 && attempt < attemptsMax
    say(`${lineOf(taken)}${again ? '  disturbed: once more' : ''}`)
    if (!again) return taken
  }
}

async function takeTurn(
  { stack, rows, options }: Arena,
  { name, label, prepare }: Contender,
  round: number,
): Promise<Taken> {
  const { db, postgresPid: postgres, temporalPid: temporal } = stack
  const table = `bench_${name}`
  await dropTable(db, table)
  const turn = await prepare(table)
  // What the one before left to be written is written now.
  await db.query('checkpoint')
  const pids = { postgres, temporal, worker: turn.workerPid }
  await untilQuiet(pids, options.patienceSeconds)
  const paceMs = measurePaceMs()
  const cpuSince = await countCpu(pids)
  const startMs = performance.now()
  await turn.load()
  const seconds = (performance.now() - startMs) / 1000
  const cpu = await cpuSince()
  const facts = await turn.after()
  await verify(db, table, rows.sums)
  await dropTable(db, table)
  return { contender: name, label, round, seconds, cpu, paceMs, ...facts }
}

function lineOf({ label, round, seconds, cpu, paceMs, told }: Taken): string {
  const others = cpu ? `, others took ${(100 * noiseOf(cpu, seconds)).toFixed(0)} %` : ''
  const noise = `${others}, pace ${paceMs.toFixed(0)} ms`
  const phases = Object.entries(told?.phases ?? {}).map(
    ([verb, { ms }]) => `${verb} ${(ms / 1000).toFixed(2)}`,
  )
  const within = phases.length > 0 ? `  (${phases.join(', ')})` : ''
  return `${round}  ${label.padEnd(48)} ${seconds.toFixed(2).padStart(7)} s${noise}${within}`
}
