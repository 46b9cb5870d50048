/** What a worker says of itself at its start. */
import type { WorkerDeploymentVersion } from '@temporalio/common'
import type { Logger } from '../log.ts'
import type { StageSetting } from '../settings/stage.ts'
import type { TemporalServer } from '../settings/temporal.ts'
import type { App } from '../steps/app.ts'
import type { WorkerMetrics } from './metrics.ts'
import type { QueueWorkers } from './queueWorkers.ts'

interface Started {
  temporal: TemporalServer
  autoscale?: { max: number; min: number }
  stage: StageSetting
  deployment?: WorkerDeploymentVersion
  log: Logger
}

export function banner(
  { temporal, autoscale, stage, deployment, log }: Started,
  worker: {
    identity: string
    queueWorkers: QueueWorkers
    activities: string[]
    app: App | null
    metrics: WorkerMetrics | null
  },
): void {
  const { identity, queueWorkers, activities, app, metrics } = worker
  const queues = queueWorkers.list()
  const own = queues.filter(({ shared }) => !shared && queues.length > 1)
  const facts = {
    worker: identity,
    temporal: temporal.address,
    namespace: temporal.namespace,
    queues: queues.map(({ queue }) => queue).join(', '),
    concurrency: autoscale
      ? `activities at once: ${autoscale.min} to ${autoscale.max}, by CPU and memory`
      : `activities at once: ${queueWorkers.concurrency}`,
    ...(own.length > 0 && {
      limits: own.map(({ queue, concurrency }) => `${queue} ${concurrency}`).join(', '),
    }),
    stage: stage.at,
    activities: activities.join(', '),
    ...(deployment && { version: `${deployment.buildId} of ${deployment.deploymentName}` }),
    ...(metrics && { metrics: metrics.url }),
    ...(app && { app: app.path, steps: [...app.steps.keys()].join(', ') }),
  }
  for (const [name, value] of Object.entries(facts)) log.info(`${name.padEnd(12)} ${value}`)
  log.info({ event: 'ready', ...facts }, 'worker ready')
}
