/**
 * Who used the processor while something was measured: the parts of the bench, and others.
 *
 * Others are the noise of a shared machine; a figure that was taken beside much of it says little.
 * Only Linux tells; elsewhere there is no answer.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** Linux counts processor time in hundredths of a second for every program. */
const ticksPerSecond = 100

/** CPU seconds. */
export interface CpuUse {
  postgres: number
  worker: number
  temporal: number
  /** psql, or whatever else the bench started and waited for; and the bench itself. */
  bench: number
  /** Processes that are not ours, and the kernel's threads. */
  others: number
  /** What the host of a virtual machine gave to other machines. */
  stolen: number
  /** Of all cores, until the end of the measurement. */
  idle: number
}

export interface CpuPids {
  postgres: number
  temporal: number
  worker: number | null
}

interface Process {
  ppid: number
  /** With that of children that it has waited for. */
  ticks: number
}

/** Starts to count; what it gives is called at the end. */
export async function countCpu(pids: CpuPids): Promise<() => Promise<CpuUse | null>> {
  if (process.platform !== 'linux') return async () => null
  const before = await snapshot(pids)
  return async () => {
    const after = await snapshot(pids)
    const names = Object.keys(after) as (keyof CpuUse)[]
    const spent = names.map((name) => [name, (after[name] - before[name]) / ticksPerSecond])
    return Object.fromEntries(spent) as unknown as CpuUse
  }
}

async function snapshot(pids: CpuPids): Promise<CpuUse> {
  const [machine, all] = await Promise.all([readMachine(), readProcesses()])
  const postgres = ticksBelow(all, pids.postgres)
  const temporal = ticksBelow(all, pids.temporal)
  const worker = pids.worker === null ? 0 : ticksBelow(all, pids.worker)
  const bench = ticksBelow(all, process.pid) - postgres - temporal - worker
  const others = machine.busy - postgres - temporal - worker - bench
  return { postgres, worker, temporal, bench, others, stolen: machine.stolen, idle: machine.idle }
}

async function readMachine(): Promise<{ busy: number; idle: number; stolen: number }> {
  const line = (await readFile('/proc/stat', 'utf8')).split('\n', 1)[0] as string
  const [user, nice, system, idle, iowait, irq, softirq, stolen] = line
    .split(/\s+/)
    .slice(1)
    .map(Number) as [number, number, number, number, number, number, number, number]
  return { busy: user + nice + system + irq + softirq, idle: idle + iowait, stolen }
}

async function readProcesses(): Promise<Map<number, Process>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const all = new Map<number, Process>()
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
    if (line === null) continue
    // `pid (name) state ppid …`, where the name may hold spaces and brackets.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    const ticks = fields.slice(11, 15).reduce((sum, text) => sum + Number(text), 0)
    all.set(Number(pid), { ppid: Number(fields[1]), ticks })
  }
  return all
}

function ticksBelow(all: ReadonlyMap<number, Process>, top: number): number {
  let sum = 0
  for (const pid of all.keys()) if (isBelow(all, pid, top)) sum += all.get(pid)?.ticks ?? 0
  return sum
}

function isBelow(all: ReadonlyMap<number, Process>, pid: number, top: number): boolean {
  for (let at: number | undefined = pid; at; at = all.get(at)?.ppid) if (at === top) return true
  return false
}

/** From this share on others disturb a measurement. */
export const noiseMax = 0.1

/** The share of the machine that others took. */
export const noiseOf = (cpu: CpuUse, seconds: number): number =>
  Math.max(0, cpu.others + cpu.stolen) / (seconds * availableParallelism())

const windowMs = 2000
/** Waits until others leave the machine alone, at most for so long. */
export async function untilQuiet(pids: CpuPids, patienceSeconds: number): Promise<void> {
  const deadlineMs = Date.now() + patienceSeconds * 1000
  while (Date.now() < deadlineMs) {
    const cpuSince = await countCpu(pids)
    await sleep(windowMs)
    const cpu = await cpuSince()
    if (!cpu || noiseOf(cpu, windowMs / 1000) < noiseMax / 2) return
  }
}

const paceBytes = Buffer.alloc(1 << 20)
const paceTimes = 128

/**
 * How long a fixed piece of work takes on one core. It tells when the machine itself gets slower,
 * which a virtual one does without a trace in its own figures.
 */
export function measurePaceMs(): number {
  const startMs = performance.now()
  const hash = createHash('sha256')
  for (let time = 0; time < paceTimes; time++) hash.update(paceBytes)
  hash.digest()
  return performance.now() - startMs
}
