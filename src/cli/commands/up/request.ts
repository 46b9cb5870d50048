/** What `up` shall ingest: the files that were named, or the sample of a first start. */

import type { UpFile } from '../../../config.ts'
import { sluiceError } from '../../../errors.ts'
import { checkSpec } from '../../../spec/checkSpec.ts'
import { createClient, type IngestNow } from '../../client.ts'
import { tell } from '../../errors.ts'
import type { Said, SpecWithoutSource } from '../../specOptions.ts'
import { addressed } from '../ingest/addresses.ts'
import { submit, untilEnd } from '../ingest/bring.ts'
import { directoryOf, type Found, findSources } from '../ingest/sources.ts'
import { findSample, sampleSpec } from './sample.ts'
import { showEnd } from './show.ts'

export interface UpRequest {
  found: Found
  spec: SpecWithoutSource
}

/**
 * Reads the command line before anything is started.
 * @throws usage_invalid, file_missing, spec_invalid, table_name_invalid, dialect_invalid
 */
export async function readRequest(
  files: string[],
  { source: selection = {}, ...spec }: Said,
): Promise<UpRequest | null> {
  const isAsked = (spec.target?.table ?? spec.targets ?? spec.steps) !== undefined
  if (files.length === 0 && !isAsked) return null
  if (files.length === 0 || !isAsked) {
    const problem = 'Files need a target, and a target needs files: my.csv --into public.trips'
    throw sluiceError('usage_invalid', { problem, command: 'sluice up' })
  }
  checkSpec({ ...spec, source: addressed(files, { selection }) ?? directoryOf(files, selection) })
  return {
    spec,
    found: await findSources(files, {
      isOwnMachine: true,
      upload: false,
      hasSteps: false,
      given: { selection },
    }),
  }
}

/** Brings the request, or the sample of a first start. What fails is told; the stack stays up. */
export async function bringFirst(
  up: UpFile,
  request: UpRequest | null,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (request) {
      await bringRequest(up, request, signal)
      return
    }
    const sample = await findSample(createClient(up.api), up.databaseUrl)
    if (!sample) return
    console.log(`\nThis is a first start. The sample ${sample}:`)
    const found: Found = { source: directoryOf([sample]) }
    await bringRequest(up, { found, spec: sampleSpec }, signal)
  } catch (error) {
    if (!signal.aborted) tell(error, { json: false, stack: false })
  }
}

export async function bringRequest(
  up: UpFile,
  { found, spec }: UpRequest,
  signal: AbortSignal,
): Promise<IngestNow> {
  const client = createClient(up.api, { token: up.token ?? null })
  const { id } = await submit(client, spec, { found, quiet: false, signal })
  const view = await untilEnd(client, id, { json: false, signal })
  await showEnd(client, up, view)
  return view
}
