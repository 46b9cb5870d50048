/** Where the time of an ingest went, from the history that Temporal kept of it. */
import type { Client } from '@temporalio/client'

const verbs = {
  beginIngest: 'begin',
  listSource: 'list',
  stageLot: 'stage',
  runStep: 'step',
  planIngest: 'plan',
  loadUnit: 'load',
  publishIngest: 'publish',
  sweepIngest: 'sweep',
} as const
export type Verb = (typeof verbs)[keyof typeof verbs]

export interface Phase {
  /** From its first activity handed out to its last one done. */
  ms: number
  activities: number
  /** What the activities took, added up. */
  workMs: number
}

export interface Told {
  historyEvents: number
  phases: Partial<Record<Verb, Phase>>
  /** From the start of the workflow to its end, less all phases: workflow tasks in between. */
  betweenMs: number
}

interface Time {
  seconds?: { toNumber(): number } | number | null
  nanos?: number | null
}

interface Span {
  verb: Verb
  scheduledMs: number
  startedMs: number
  endedMs: number
}

export async function tellPhases(client: Client, ingestId: string): Promise<Told> {
  const handle = client.workflow.getHandle(ingestId)
  // The ledger says first that the ingest has ended; its workflow ends a moment later.
  await handle.result()
  const [{ historyLength }, { events }] = await Promise.all([
    handle.describe(),
    handle.fetchHistory(),
  ])
  const spans = new Map<string, Span>()
  for (const event of events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes
    const started = event.activityTaskStartedEventAttributes
    const completed = event.activityTaskCompletedEventAttributes
    const ms = msOf(event.eventTime as Time)
    const verb = verbs[scheduled?.activityType?.name as keyof typeof verbs]
    if (verb) {
      const span = { verb, scheduledMs: ms, startedMs: ms, endedMs: ms }
      spans.set(String(event.eventId), span)
    }
    const span = spans.get(String((started ?? completed)?.scheduledEventId))
    if (span && started) span.startedMs = ms
    if (span && completed) span.endedMs = ms
  }
  const times = (events ?? []).map((event) => msOf(event.eventTime as Time))
  const wholeMs = Math.max(...times) - Math.min(...times)
  const phases = phasesOf([...spans.values()])
  const phasesMs = Object.values(phases).reduce((sum, { ms }) => sum + ms, 0)
  return { historyEvents: historyLength, phases, betweenMs: Math.max(0, wholeMs - phasesMs) }
}

function phasesOf(spans: Span[]): Partial<Record<Verb, Phase>> {
  const phases: Partial<Record<Verb, Phase>> = {}
  for (const verb of Object.values(verbs)) {
    const own = spans.filter((span) => span.verb === verb)
    if (own.length === 0) continue
    phases[verb] = {
      ms:
        Math.max(...own.map(({ endedMs }) => endedMs)) -
        Math.min(...own.map(({ scheduledMs }) => scheduledMs)),
      activities: own.length,
      workMs: own.reduce((sum, { startedMs, endedMs }) => sum + endedMs - startedMs, 0),
    }
  }
  return phases
}

const msOf = ({ seconds, nanos }: Time): number =>
  Number(seconds ?? 0) * 1000 + Number(nanos ?? 0) / 1e6
