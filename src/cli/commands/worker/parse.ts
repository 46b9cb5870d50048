/** How the options of `sluice worker` are read. */
import { InvalidArgumentError } from 'commander'
import type { MetricsAddress } from '../../../worker/metrics.ts'
import type { QueueOption } from '../../../worker/queueWorkers.ts'

export function name(text: string): string {
  if (/^[\x21-\x7e]{1,200}$/.test(text)) return text
  throw new InvalidArgumentError('A name has 1 to 200 ASCII characters and no spaces.')
}

/** `ingest,video_tasks:2`: a number behind a colon is the queue's own limit. */
export function queues(text: string, earlier: QueueOption[]): QueueOption[] {
  const found = [...earlier, ...text.split(',').map((part) => queue(part.trim()))]
  if (new Set(found.map((each) => each.queue)).size < found.length) {
    throw new InvalidArgumentError('A name is there twice.')
  }
  return found
}

export function queue(text: string): QueueOption {
  const [, found, limit] = /^([^\s,]*?)(?::(\d+))?$/.exec(text) ?? []
  if (!found || found.length > 200) {
    throw new InvalidArgumentError('A queue name has 1 to 200 characters and no spaces.')
  }
  if (limit === undefined) return { queue: found }
  return { queue: found, concurrency: between(Number(limit), 1, 1000) }
}

/** `10,3`, as Celery has it: at most and at least. */
export function autoscale(text: string): { max: number; min: number } {
  const [, max, min = '1'] = /^(\d+)(?:,(\d+))?$/.exec(text) ?? []
  if (max === undefined) throw new InvalidArgumentError('Write it as max,min: 10,3.')
  const range = { max: between(Number(max), 1, 1000), min: between(Number(min), 1, 1000) }
  if (range.min > range.max) throw new InvalidArgumentError('The larger number comes first: 10,3.')
  return range
}

const units: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9 }

/** `800m`, `2g`, or bytes. @returns bytes */
export function memory(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmg]?)b?$/i.exec(text) ?? []
  const bytes = Number(number) * (units[unit.toLowerCase()] as number)
  if (bytes >= 200e6) return Math.round(bytes)
  throw new InvalidArgumentError('Write it as 800m or 2g; an idle worker needs about 200 MB.')
}

/** `:9464`, `9464`, `127.0.0.1:9464`, `[::1]:9464`: a port, and the address that it is on. */
export function metrics(text: string): MetricsAddress {
  const [, host, port] = /^(?:(\[[0-9a-f:.]+\]|[\w.-]*):)?(\d{1,5})$/i.exec(text) ?? []
  if (port === undefined) throw new InvalidArgumentError('Write it as :9464 or 127.0.0.1:9464.')
  return { host: host?.replace(/^\[|\]$/g, '') || null, port: between(Number(port), 0, 65_535) }
}

/** `20`, `20s`, `5m`, `2h`. @returns ms */
export function duration(text: string): number {
  const [, number, unit = 's'] = /^(\d+)\s*([smh]?)$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('Write it as 20s, 5m or 2h.')
  const seconds = { s: 1, m: 60, h: 3600 }[unit || 's'] as number
  return between(Number(number) * seconds, 0, 7 * 24 * 3600) * 1000
}

function between(value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value
  throw new InvalidArgumentError(`It must be from ${min} to ${max}.`)
}
