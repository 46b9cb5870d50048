/** The API as its client sees it: problems become errors, uploads and events are streams. */

import { visible } from '../domain/visible.ts'
import type { Command } from '../domain/worker.ts'
import type { Budget } from '../fleet/budgetView.ts'
import type { Told } from '../fleet/command.ts'
import type { Queue } from '../fleet/queueView.ts'
import type { ScheduledTask } from '../fleet/scheduled.ts'
import type { ActiveTask, Worker } from '../fleet/view.ts'
import type { RejectPage } from '../ingests/rejectView.ts'
import type { RetryNow } from '../ingests/retryView.ts'
import type { Step, StepPage } from '../ingests/stepView.ts'
import type { UndoNow } from '../ingests/undoView.ts'
import type {
  Accepted,
  Ingest,
  IngestEvent,
  IngestNow,
  IngestPage,
  Steered,
} from '../ingests/view.ts'
import type { Origins } from '../ingests/where.ts'
import type { IngestSpec } from '../spec/spec.ts'
import { answerOf } from './answer.ts'
import { uploadsAt } from './uploads.ts'

export type {
  Accepted,
  ActiveTask,
  Ingest,
  IngestEvent,
  IngestNow,
  Origins,
  Queue,
  RetryNow,
  ScheduledTask,
  Step,
  Told,
  UndoNow,
  Worker,
}

export type Client = ReturnType<typeof createClient>

/**
 * @param url of the API, without a slash at its end
 * @param options.token that the API asks for when the worker is to read files
 * @param options.json whether its answers are printed as JSON: exactly as they are. For people
 *   control characters in every text are made visible as an answer arrives.
 */
export function createClient(
  url: string,
  { token = null, json = false }: { token?: string | null; json?: boolean | undefined } = {},
) {
  const bearer = token === null ? {} : { authorization: `Bearer ${token}` }
  const shown = <T>(value: T): T => (json ? value : visible(value))
  const call = (path: string, init?: RequestInit) => answerOf(url, path, init)
  const read = async <T>(path: string, init?: RequestInit): Promise<T> =>
    shown((await (await call(path, init)).json()) as T)
  const at = (id: string, below = '') => `/v1/ingests/${encodeURIComponent(id)}${below}`
  const worker = (name: string, below = '') => `/v1/workers/${encodeURIComponent(name)}${below}`
  const queue = (name: string, below = '') => `/v1/queues/${encodeURIComponent(name)}${below}`

  return {
    url,
    submit: (spec: IngestSpec) => read<Accepted>('/v1/ingests', post(spec, bearer)),
    show: (id: string) => read<IngestNow>(at(id)),
    list: (query: Record<string, string>) =>
      read<IngestPage>(`/v1/ingests?${new URLSearchParams(query)}`),
    rejects: (id: string, query: Record<string, string>) =>
      read<RejectPage>(at(id, `/rejects?${new URLSearchParams(query)}`)),
    rejectsCsv: (id: string, all = false) => call(at(id, `/rejects?format=csv&all=${all}`)),
    retryRejects: (id: string, upload: string | null) =>
      read<RetryNow>(at(id, '/retry-rejects'), post(upload === null ? {} : { upload })),
    retry: (id: string, retryId: string) => read<RetryNow>(at(id, `/retries/${retryId}`)),
    undo: (id: string, dryRun: boolean) => read<UndoNow>(at(id, '/undo'), post({ dryRun })),
    where: (table: string, row: string) =>
      read<Origins>(`/v1/where?${new URLSearchParams({ table, row })}`),
    undone: (id: string) => read<UndoNow>(at(id, '/undo')),
    steps: (id: string, query: Record<string, string>) =>
      read<StepPage>(at(id, `/steps?${new URLSearchParams(query)}`)),
    steer: (id: string, verb: string) => read<Steered>(at(id, `/${verb}`), { method: 'POST' }),
    /** @param all also those that have been gone for long */
    workers: (all = false) =>
      read<{ workers: Worker[] }>(`/v1/workers?${new URLSearchParams({ all: String(all) })}`),
    worker: (name: string) => read<Worker>(worker(name)),
    tell: (name: string, command: Command, timeoutSeconds: number) =>
      read<Told>(worker(name, `/commands?timeout=${timeoutSeconds}`), post(command)),
    active: () => read<{ tasks: ActiveTask[] }>('/v1/active'),
    scheduled: () => read<{ tasks: ScheduledTask[] }>('/v1/scheduled'),
    queues: () => read<{ queues: Queue[] }>('/v1/queues'),
    queue: (name: string) => read<Queue>(queue(name)),
    limitQueue: (name: string, limit: { perSecond: number | null; reason?: string }) =>
      read<Queue>(queue(name, '/rate-limit'), put(limit)),
    budget: () => read<Budget>('/v1/budget'),
    setBudget: (budget: Budget) => read<Budget>('/v1/budget', put(budget)),
    shown,
    events: (id: string, signal: AbortSignal) => call(at(id, '/events'), { signal }),
    ...uploadsAt(url),
  }
}

type Headers = Record<string, string>

const post = (body: unknown, headers?: Headers): RequestInit => send('POST', body, headers)
const put = (body: unknown): RequestInit => send('PUT', body)

const send = (method: string, body: unknown, headers: Headers = {}): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})
