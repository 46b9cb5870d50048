/** One of the threads of lookThreads.ts: looks at the windows that it is told of. */
import { type MessagePort, workerData } from 'node:worker_threads'
import type { LookAnswer, LookMessage } from './lookThreads.ts'
import { memory } from './loop.ts'
import { ValueScan } from './valueScan.ts'

/** What has come of so many files is remembered: more are seldom staged at once. */
const scansMax = 8

const { port, windows: memories } = workerData as {
  port: MessagePort
  windows: SharedArrayBuffer[]
}
const windows = memories.map((shared) => Buffer.from(shared))
/** The one that was used last is the last one. */
const scans = new Map<number, ValueScan>()

const say = (answer: LookAnswer) => port.postMessage(answer)

function scanOf({ scan: number, dialect, width }: LookMessage): ValueScan {
  const scan = scans.get(number) ?? new ValueScan(dialect, width)
  scans.delete(number)
  scans.set(number, scan)
  const [eldest] = scans.keys()
  if (scans.size > scansMax && eldest !== undefined) scans.delete(eldest)
  return scan
}

port.on('message', (message: LookMessage) => {
  const { window, from, to, left, line } = message
  const scan = scanOf(message)
  for (const field of left) scan.leave(field)
  windows[window]?.copy(memory.bytes, from, from, to)
  scan.plain(from, to, line)
  say({ window, looked: scan.take() })
})
say('ready')
