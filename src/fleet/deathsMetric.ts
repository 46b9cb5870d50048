/** Deaths of workers as a metric: of each process that looks for them, those that it found. */
import { Counter, type Registry } from 'prom-client'
import type { Deaths } from '../domain/worker.ts'

export function countDeaths(register: Registry, deaths: Deaths): void {
  new Counter({
    name: 'sluice_worker_deaths_total',
    help: 'Workers that this process found dead since its start, by cause.',
    labelNames: ['cause'],
    registers: [register],
    collect() {
      this.reset()
      for (const [cause, count] of Object.entries(deaths)) this.inc({ cause }, count)
    },
  })
}
