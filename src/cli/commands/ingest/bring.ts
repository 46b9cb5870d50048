/** One ingest from start to end, as `ingest` and `up` run it: send, submit, follow. */

import { SluiceError, sluiceError } from '../../../errors.ts'
import { newIngestId } from '../../../ingests/ingestId.ts'
import { checkSpec } from '../../../spec/checkSpec.ts'
import type { IngestSpec } from '../../../spec/spec.ts'
import type { Accepted, Client, IngestNow } from '../../client.ts'
import { follow } from '../../follow.ts'
import { createProgress } from '../../progress.ts'
import { sendFiles } from './send.ts'
import { sendStdin } from './sendStdin.ts'
import { type Found, uploadName } from './sources.ts'

export interface Submitted extends Accepted {
  /** Uploads that are ours to remove after the end. */
  uploads: string[]
}

/** What there is of an ingest: files that were sent, perhaps an ingest, or one of this id. */
export type Stage =
  | { what: 'sending' | 'submitting' }
  // Its id is made before the first byte of standard input is sent.
  | { what: 'sending'; id: string }
  | { what: 'accepted'; id: string }

interface Submit {
  found: Found
  quiet: boolean
  signal: AbortSignal
  /** Told of everything up to the moment in which the ingest goes on by itself. */
  onStage?: (stage: Stage) => void
}

/** Sends what has to be sent, and submits the spec. */
export async function submit(
  client: Client,
  spec: Omit<IngestSpec, 'source'>,
  { found, quiet, signal, onStage = () => {} }: Submit,
): Promise<Submitted> {
  const enter = async (full: IngestSpec, uploads: string[]): Promise<Submitted> => {
    onStage({ what: 'submitting' })
    const accepted = await client.submit(full)
    onStage({ what: 'accepted', id: accepted.id })
    return { ...accepted, uploads }
  }
  if ('source' in found) return enter({ ...spec, source: found.source }, [])
  // What is wrong with the spec is said before gigabytes are sent.
  const { subject } = checkSpec({ ...spec, source: { kind: 'upload', uploads: [] } })
  const id = spec.id ?? newIngestId(subject)
  // What an ingest under way reads must not be sent a second time.
  const isKnown = spec.id !== undefined && (await exists(client, id))
  const files = 'stdin' in found ? [{ path: found.stdin }] : found.files
  const uploads = files.map((file, index) => uploadName(id, file, index))
  const sending = { quiet, signal }
  if ('stdin' in found) {
    onStage({ what: 'sending', id })
    if (!isKnown) await sendStdin(client, uploads[0] as string, sending)
  } else if (!isKnown) await sendFiles(client, id, { files: found.files, ...sending })
  signal.throwIfAborted()
  return enter({ ...spec, id, source: found.sourceOf(uploads) }, uploads)
}

async function exists(client: Client, id: string): Promise<boolean> {
  try {
    // One that was taken back makes way for a new one.
    return (await client.show(id)).state !== 'undone'
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'ingest_not_found') return false
    throw error
  }
}

/** Follows an ingest with a progress display. @returns the last view */
export async function untilEnd(
  client: Client,
  id: string,
  { json, signal }: { json: boolean; signal: AbortSignal },
): Promise<IngestNow> {
  const progress = createProgress(json)
  let isHeard = false
  let isTold = false
  try {
    for await (const view of follow(client, id, signal)) {
      progress.show(view)
      if (view.state === 'queued' && view.waiting && !isTold) {
        console.error(`  ${remedy(view.waiting)}`)
        isTold = true
      }
      isHeard = true
    }
  } finally {
    progress.stop()
  }
  if (!isHeard) {
    throw sluiceError('api_unavailable', { url: client.url, problem: `it told nothing of ${id}` })
  }
  // With its spec, which the events do not have.
  return client.show(id)
}

/** For what the API says: `waiting for a worker on queue …`. */
const remedy = (waiting: string): string =>
  `Start one: sluice worker --queue ${waiting.split(' ').at(-1)}`
