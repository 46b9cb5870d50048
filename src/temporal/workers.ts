/** What the Temporal server has heard from workers: their SDK reports there every second. */
import type { Client } from '@temporalio/client'
import { dateOf, temporalError } from './ingests.ts'

/**
 * How often the SDK of a worker reports. It is the shortest time that the SDK takes: the open polls
 * of a worker that freezes can be ended from its first report on, and before it they cannot.
 */
export const reportEveryMs = 1000
/** One that has not reported for so long is not there any more, whatever the server calls it. */
export const staleAfterMs = 20_000

/** The report of one SDK worker; a worker process has one for each queue that it serves. */
export interface Heard {
  /** Names the SDK worker for the server. */
  key: string
  /** The Temporal identity; not unique. */
  worker: string
  host: string
  pid: number
  queue: string
  /** The time of the heartbeat, by the clock of the worker. */
  at: Date
  slotsUsed: number
  slotsFree: number
  /** Shares, from 0 to 1. */
  hostCpu: number
  hostMemory: number
}

/** WORKER_STATUS_RUNNING; a killed worker keeps it for minutes. */
const running = 1
const pageSize = 1000
const pagesMax = 10

type Reports = Awaited<ReturnType<Client['workflowService']['listWorkers']>>
type Report = NonNullable<Reports['workersInfo'][number]['workerHeartbeat']>

/**
 * @returns null when the server keeps no reports
 * @throws temporal_unavailable
 */
export async function listHeard(client: Client): Promise<Heard[] | null> {
  const { workflowService } = client
  const { namespace } = client.options
  try {
    const { namespaceInfo } = await workflowService.describeNamespace({ namespace })
    if (!namespaceInfo?.capabilities?.workerHeartbeats) return null
    const heard: Heard[] = []
    let nextPageToken: Uint8Array = new Uint8Array()
    for (let page = 0; page < pagesMax; page++) {
      const found: Reports = await workflowService.listWorkers({
        namespace,
        pageSize,
        nextPageToken,
      })
      for (const { workerHeartbeat } of found.workersInfo) {
        if (workerHeartbeat?.status === running) heard.push(heardOf(workerHeartbeat))
      }
      nextPageToken = found.nextPageToken
      if (nextPageToken.length === 0) break
    }
    return heard
  } catch (error) {
    throw temporalError(error)
  }
}

function heardOf(report: Report): Heard {
  const { workerIdentity, taskQueue, heartbeatTime, hostInfo, activityTaskSlotsInfo } = report
  return {
    key: report.workerInstanceKey ?? '',
    worker: workerIdentity ?? '',
    host: hostInfo?.hostName ?? '',
    pid: Number(hostInfo?.processId ?? 0),
    queue: taskQueue ?? '',
    at: dateOf(heartbeatTime) ?? new Date(0),
    slotsUsed: activityTaskSlotsInfo?.currentUsedSlots ?? 0,
    slotsFree: activityTaskSlotsInfo?.currentAvailableSlots ?? 0,
    hostCpu: hostInfo?.currentHostCpuUsage ?? 0,
    hostMemory: hostInfo?.currentHostMemUsage ?? 0,
  }
}
