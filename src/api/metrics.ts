/** Metrics for Prometheus: the process, the requests, and the ingests by state. */
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { states } from '../domain/words.ts'
import type { ApiDeps, App } from './deps.ts'

const seconds = [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600]

export function metrics(app: App, { db }: ApiDeps): void {
  const register = new Registry()
  collectDefaultMetrics({ register })
  const requests = new Histogram({
    name: 'sluice_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: seconds,
    registers: [register],
  })
  new Gauge({
    name: 'sluice_ingests',
    help: 'Ingests in the ledger, by state.',
    labelNames: ['state'],
    registers: [register],
    async collect() {
      const sql = 'select state, count(*) as ingests from sluice.ingests group by state'
      // Without a database the other metrics are still worth having.
      const found = await db.query(sql).catch(() => null)
      if (!found) return this.reset()
      const counts = new Map(found.rows.map((row) => [row.state, row.ingests]))
      for (const state of states) this.set({ state }, counts.get(state) ?? 0)
    },
  })

  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    const { url: route = 'none' } = routeOptions
    // How long somebody looks on says nothing about us.
    if (route.endsWith('/events')) return
    requests.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
  })

  app.get('/metrics', {
    schema: { tags: ['operation'], summary: 'Metrics for Prometheus', produces: ['text/plain'] },
    handler: async (_request, reply) => {
      const text = await register.metrics()
      return reply.type(register.contentType).send(text)
    },
  })
}
