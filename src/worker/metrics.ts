/**
 * Metrics of a worker for Prometheus: its tasks, its slots, its process, and what the Temporal SDK
 * counts. The SDK only serves its own on a port of its own: that one is for this machine, and what
 * it says is passed on.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createProbe } from 'node:net'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Deaths } from '../domain/worker.ts'
import { messageOf, sluiceError } from '../errors.ts'
import { countDeaths } from '../fleet/deathsMetric.ts'
import type { QueueWorkers } from './queueWorkers.ts'
import type { Tasks } from './tasks.ts'

export interface MetricsAddress {
  /** Every address of this machine if null. */
  host: string | null
  /** 0 for any that is free. */
  port: number
}

export interface WorkerMetrics {
  url: string
  /** Where the SDK is to serve what it counts, as `host:port`. */
  sdkAddress: string
  /** From here on tasks, slots and deaths are shown. */
  watch(worker: Watched): void
  close(): Promise<void>
}

interface Watched {
  tasks: Tasks
  queueWorkers: QueueWorkers
  /** Deaths of other workers that this one has found. */
  deaths: Deaths
}

const loopback = '127.0.0.1'
const sdkTimeoutMs = 2000

/** @throws metrics_refused */
export async function openMetrics(address: MetricsAddress): Promise<WorkerMetrics> {
  const register = new Registry()
  collectDefaultMetrics({ register })
  const sdkAddress = `${loopback}:${await freePort()}`
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics\n')
      return
    }
    void Promise.all([register.metrics(), ofSdk(sdkAddress)]).then(
      (parts) =>
        response.writeHead(200, { 'content-type': register.contentType }).end(parts.join('')),
      (error) => response.writeHead(500).end(`${messageOf(error)}\n`),
    )
  })
  await listen(server, address)
  // It answers as long as the worker lives, and does not keep it alive.
  server.unref()
  const { port } = server.address() as AddressInfo
  const host = address.host ?? loopback
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/metrics`,
    sdkAddress,
    watch(worker) {
      addGauges(register, worker)
      countDeaths(register, worker.deaths)
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Until the SDK runs it serves nothing, and then the rest is still worth having. */
async function ofSdk(address: string): Promise<string> {
  const signal = AbortSignal.timeout(sdkTimeoutMs)
  const answer = await fetch(`http://${address}/metrics`, { signal }).catch(() => null)
  return answer?.ok ? answer.text() : ''
}

async function listen(server: Server, { host, port }: MetricsAddress): Promise<void> {
  server.listen(port, ...(host === null ? [] : [host]))
  try {
    await once(server, 'listening')
  } catch (error) {
    const problem = messageOf(error)
    throw sluiceError('metrics_refused', { host: host ?? '', port, problem }, { cause: error })
  }
}

async function freePort(): Promise<number> {
  const probe = createProbe().listen(0, loopback)
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

function addGauges(register: Registry, { tasks, queueWorkers }: Watched): void {
  new Counter({
    name: 'sluice_tasks_total',
    help: 'Tasks that have ended since the start, by activity and by how they ended.',
    labelNames: ['activity', 'end'],
    registers: [register],
    collect() {
      this.reset()
      for (const [activity, { seconds: _, ...ends }] of Object.entries(tasks.totals)) {
        for (const [end, count] of Object.entries(ends)) this.inc({ activity, end }, count)
      }
    },
  })
  new Counter({
    name: 'sluice_task_seconds_total',
    help: 'How long tasks took in all, by activity.',
    labelNames: ['activity'],
    registers: [register],
    collect() {
      this.reset()
      for (const [activity, { seconds }] of Object.entries(tasks.totals)) {
        this.inc({ activity }, seconds)
      }
    },
  })
  new Gauge({
    name: 'sluice_tasks_in_hand',
    help: 'Tasks in hand, by activity.',
    labelNames: ['activity'],
    registers: [register],
    collect() {
      this.reset()
      for (const { activity } of tasks.inHand) this.inc({ activity })
    },
  })
  new Gauge({
    name: 'sluice_slots',
    help: 'How many tasks may run at once, by queue; queues that share them show the same ones.',
    labelNames: ['queue'],
    registers: [register],
    collect() {
      this.reset()
      for (const { queue, concurrency } of queueWorkers.list()) this.set({ queue }, concurrency)
    },
  })
}
