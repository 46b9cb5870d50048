/** The native part of the SDK: what it logs, what it counts, and that it leaves signals to us. */
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { reportEveryMs } from '../temporal/workers.ts'

/**
 * Once a process, before the first connection: the SDK's own log lines go to our log.
 * @param metricsAddress where it serves what it counts, as `host:port`; null for nowhere
 */
export function installRuntime(log: Logger, metricsAddress: string | null): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      // Failed attempts have a line of their own already.
      if (message === 'Activity failed' || message === 'Activity completed as cancelled') return
      log[level === 'ERROR' ? 'error' : 'warn']({ meta }, `${message}${causeIn(meta)}`)
    }),
    telemetryOptions: {
      logging: { filter: 'WARN', forward: {} },
      ...(metricsAddress && { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
    workerHeartbeatInterval: reportEveryMs,
    shutdownSignals: [],
  })
}

const causeIn = (meta: { error?: unknown } | undefined): string =>
  meta?.error ? `: ${messageOf(meta.error)}` : ''
