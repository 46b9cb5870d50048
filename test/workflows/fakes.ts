/** The real workflow on the real Temporal server, with activities that a test makes up. */
import { randomBytes } from 'node:crypto'
import { Context } from '@temporalio/activity'
import type { WorkflowHandle } from '@temporalio/client'
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker'
import { afterAll, inject } from 'vitest'
import type { Activities } from '../../activities/index.ts'
import type { IngestInput } from '../../src/domain/ingestInput.ts'
import { connectTemporal } from '../../src/temporal/connect.ts'
import { workflowBundle } from '../../src/worker/bundle.ts'
import type { ingest } from '../../workflows/ingest.ts'
import type { ingestTargets } from '../../workflows/targets.ts'
import { until, untilIdle } from '../harness.ts'

type Verb = Exclude<
  keyof Activities,
  'endOrphans' | 'removeLeftovers' | 'lookThrough' | 'clearOut' | 'retryRejects' | 'undoIngest'
>
type Input<V extends Verb> = Parameters<Activities[V]>[0]

/** What the verbs answer; one that is not named answers as if its work were done. */
export type Fakes = { [V in Verb]?: (input: Input<V>) => unknown }

export interface Run {
  ingestId: string
  handle: WorkflowHandle<typeof ingest | typeof ingestTargets>
  /** The verbs in the order of their beginning, like `load 3`. */
  calls: string[]
  /** Waits until that verb has begun. */
  begun(call: string): Promise<void>
  /** Waits until the workflow has nothing to do, and so many activities are under way. */
  idleBut(activities: number): Promise<void>
  /** Waits until the server lists so many runs: it does so a moment after their start. */
  ran(runs: number): Promise<void>
}

const names: { [V in Verb]: (input: Input<V>) => string } = {
  beginIngest: () => 'begin',
  listSource: () => 'list',
  stageLot: ({ lotNo }) => `stage ${lotNo}`,
  runStep: ({ step, fileNo }) => `${step} ${fileNo}`,
  runStepOnFiles: ({ step, fileNo, files }) => `${step} ${fileNo}+${files}`,
  planIngest: ({ part }) => (part ? 'plan part' : 'plan'),
  loadUnit: ({ unitNo, suspect }) => `load ${unitNo}${suspect ? ' suspect' : ''}`,
  publishIngest: () => 'publish',
  listTargets: () => 'list targets',
  publishTargets: () => 'publish targets',
  sweepIngest: ({ outcome: { state } }) => `sweep ${state}`,
  markPaused: ({ paused }) => (paused ? 'mark paused' : 'mark resumed'),
}

/** An ingest of one file and one lot, with so many units of one row. */
export const sized = ({ lots = 1, files = 1, units = 1 }): Fakes => ({
  listSource: () => ({ files, lots }),
  planIngest: () => ({ units, records: units }),
  publishIngest: () => ({ ...counts, files, units, rowsRead: units, rowsLoaded: units }),
})

const counts = { files: 1, units: 1, rowsRead: 1, rowsLoaded: 1, rowsRejected: 0 }
const receipt = { rowsRead: 1, rowsLoaded: 1, rowsRejected: 0, sizeBytes: 4, lane: 'fast' }

const done: Fakes = { ...sized({}), loadUnit: () => receipt }

/** The input of an ingest that may have one activity. */
export const small = { smallBytesMax: 1000 }

/** A unit of one record that is a reject. */
export const rejected = { ...receipt, rowsLoaded: 0, rowsRejected: 1 }

/** Verbs fail on purpose here, and every failure would be told. */
const quiet = {
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
}

/** @returns what starts an ingest over such activities */
export async function buildFakes() {
  Runtime.install(quiet)
  const address = inject('temporalAddress')
  const client = await connectTemporal({ address, namespace: 'default' })
  const connection = await NativeConnection.connect({ address })
  const taskQueue = `fakes-${randomBytes(6).toString('hex')}`
  const runs = new Map<string, { calls: string[]; fakes: Fakes }>()

  const activity = (verb: Verb) => async (input: { ingestId: string }) => {
    const [id = '', part = ''] = input.ingestId.split('.target-')
    const run = runs.get(id)
    if (!run) throw new Error(`no run ${id}`)
    run.calls.push(`${part}${part && ': '}${names[verb](input as never)}`)
    // What a test holds up must not hold up the worker's end.
    const answer = (run.fakes[verb] ?? done[verb])?.(input as never)
    return Promise.race([answer, Context.current().cancelled])
  }
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: workflowBundle(),
    activities: Object.fromEntries(
      Object.keys(names).map((verb) => [verb, activity(verb as Verb)]),
    ),
  })
  const ended = worker.run()
  afterAll(async () => {
    worker.shutdown()
    await ended
    await connection.close()
    await client.connection.close()
  })

  return async (
    fakes: Fakes,
    input: Partial<IngestInput> = {},
    workflow: 'ingest' | 'ingestTargets' = 'ingest',
  ): Promise<Run> => {
    const ingestId = `${taskQueue}-${randomBytes(4).toString('hex')}`
    const calls: string[] = []
    runs.set(ingestId, { calls, fakes })
    // Fakes do not heartbeat, and a busy machine holds them up for longer than 15 s.
    const unhurried = { heartbeatMs: 120_000 }
    const given = { target: 'public.t', parallelism: 1, rejectsMax: null, ...unhurried, ...input }
    const handle = await client.workflow.start<typeof ingest | typeof ingestTargets>(workflow, {
      workflowId: ingestId,
      taskQueue,
      args: [given],
    })
    const runsOf = async () => {
      let found = 0
      for await (const _ of client.workflow.list({ query: `WorkflowId = '${ingestId}'` })) found++
      return found
    }
    return {
      ingestId,
      handle,
      calls,
      begun: (call) => until(() => calls.includes(call), { what: `${call}, not ${calls}` }),
      idleBut: (activities) => untilIdle(client, ingestId, activities),
      ran: (wanted) => until(async () => (await runsOf()) >= wanted, { what: `${wanted} runs` }),
    }
  }
}

/** What a verb waits for. */
export interface Gate {
  open(): void
  passed: Promise<void>
}

export function gate(): Gate {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, passed }
}
