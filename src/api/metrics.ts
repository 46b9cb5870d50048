/** Metrics for Prometheus: the process, the requests, the ingests, the workers and the queues. */
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { Type } from 'typebox'
import { states } from '../domain/words.ts'
import { countDeaths } from '../fleet/deathsMetric.ts'
import { seeQueues } from '../fleet/queues.ts'
import { slotsByQueue } from '../fleet/show.ts'
import { countIngests } from '../postgres/ledger/underWay.ts'
import { listWorkers } from '../postgres/ledger/workers.ts'
import type { ApiDeps, App } from './deps.ts'

const seconds = [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600]
/** The Temporal server is asked for every queue, so several scrapers share an answer. */
const queuesKeptMs = 5000

export function metrics(app: App, deps: ApiDeps): void {
  const register = new Registry()
  collectDefaultMetrics({ register })
  const requests = new Histogram({
    name: 'sluice_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: seconds,
    registers: [register],
  })
  ingestGauge(register, deps)
  workerGauges(register, deps)
  queueGauge(register, deps)
  if (deps.deaths) countDeaths(register, deps.deaths)

  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    const { url: route = 'none' } = routeOptions
    // An event stream lasts as long as its reader likes: its duration is no latency of the API.
    if (route.endsWith('/events')) return
    requests.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
  })

  app.get('/metrics', {
    schema: {
      tags: ['operation'],
      summary: 'Metrics for Prometheus',
      produces: ['text/plain'],
      response: { 200: Type.String() },
    },
    handler: async (_request, reply) => {
      const text = await register.metrics()
      return reply.type(register.contentType).send(text)
    },
  })
}

/** Without a database or Temporal the other metrics are still worth having. */
const orNothing = <T>(found: Promise<T>): Promise<T | null> => found.catch(() => null)

function ingestGauge(register: Registry, { db }: ApiDeps): void {
  new Gauge({
    name: 'sluice_ingests',
    help: 'Ingests in the ledger, by state.',
    labelNames: ['state'],
    registers: [register],
    async collect() {
      this.reset()
      const counts = await orNothing(countIngests(db))
      if (!counts) return
      for (const state of states) this.set({ state }, counts.get(state) ?? 0)
    },
  })
}

function workerGauges(register: Registry, { db }: ApiDeps): void {
  const readLiving = async () => {
    const views = await orNothing(listWorkers(db))
    return views?.filter(({ state }) => state !== 'gone') ?? null
  }
  new Gauge({
    name: 'sluice_workers',
    help: 'Living workers, by state.',
    labelNames: ['state'],
    registers: [register],
    async collect() {
      this.reset()
      const living = await readLiving()
      if (!living) return
      for (const state of ['running', 'drained', 'stopping'] as const) {
        this.set({ state }, living.filter((worker) => worker.state === state).length)
      }
    },
  })
  new Gauge({
    name: 'sluice_worker_slots',
    help: 'Slots of living workers, by task queue; one that queues share is free for each of them.',
    labelNames: ['queue', 'kind'],
    registers: [register],
    async collect() {
      this.reset()
      for (const [queue, { used, free }] of slotsByQueue((await readLiving()) ?? [])) {
        this.set({ queue, kind: 'used' }, used)
        this.set({ queue, kind: 'free' }, free)
      }
    },
  })
}

function queueGauge(register: Registry, deps: ApiDeps): void {
  let found: ReturnType<typeof seeQueues> | null = null
  let foundMs = 0
  const recent = () => {
    if (!found || performance.now() - foundMs > queuesKeptMs) {
      found = seeQueues(deps)
      foundMs = performance.now()
    }
    return found
  }
  new Gauge({
    name: 'sluice_queue_backlog',
    help: 'Tasks that wait in a task queue, as the Temporal server counts them.',
    labelNames: ['queue', 'kind'],
    registers: [register],
    async collect() {
      this.reset()
      for (const { queue, activities, workflows } of (await orNothing(recent())) ?? []) {
        if (activities) this.set({ queue, kind: 'activity' }, activities.waiting)
        if (workflows) this.set({ queue, kind: 'workflow' }, workflows.waiting)
      }
    },
  })
}
