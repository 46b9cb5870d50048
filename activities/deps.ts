/** What the verbs work with; the worker makes it once. */
import type { WorkflowStatus } from '../src/domain/janitor.ts'
import type { UnpackLimits } from '../src/domain/unpack.ts'
import type { Logger } from '../src/log.ts'
import type { Db } from '../src/postgres/db.ts'
import type { UnstartedIngest } from '../src/postgres/ledger/orphans.ts'
import { knownTypes } from '../src/postgres/target/typesHere.ts'
import { openSource } from '../src/sources/index.ts'
import type { Source, SourceDeps } from '../src/sources/source.ts'
import type { Opening } from '../src/spec/files/text.ts'
import { containersOf } from '../src/spec/format.ts'
import type { FullSpec } from '../src/spec/spec.ts'
import type { Stage } from '../src/stage/stage.ts'
import type { Step } from '../src/steps/define.ts'

export interface Deps {
  db: Db
  stage: Stage
  /** The Temporal identity of this worker, kept in receipts. */
  worker: string
  /** Its process, as in sluice.workers. */
  instance: string
  /** Folders that directory sources may read. */
  sourceRoots: string[]
  /** Asks the servers of sources. */
  transport: SourceDeps['transport']
  connections: SourceDeps['connections']
  /** How much may come out of a packed file. */
  unpack: UnpackLimits
  /** What the worker's app exports, by name. */
  steps: ReadonlyMap<string, Step>
  log: Logger
  /** What became of the workflow of an ingest. */
  workflowStatusOf(ingestId: string): Promise<WorkflowStatus>
  /** Starts the workflow of an ingest that has none. */
  startIngest(ingest: UnstartedIngest): Promise<void>
  /** Whether somebody has limited how many tasks of the queue start in a second. */
  isRateLimited(queue: string): Promise<boolean>
}

type SourceNeeds = Pick<
  Deps,
  'db' | 'stage' | 'sourceRoots' | 'unpack' | 'transport' | 'connections'
>

/** The source of a spec, as this worker may read it. */
export const sourceOf = (
  { db, stage, sourceRoots: roots, unpack, transport, connections }: SourceNeeds,
  ingestId: string,
  spec: Pick<FullSpec, 'source' | 'steps' | 'format'>,
): Source => {
  const containers = containersOf(spec.format, unpack)
  const spool = stage.spool(ingestId)
  const reach = {
    transport,
    connections,
    knownTypes: (types: readonly string[]) => knownTypes(db, types),
  }
  const deps = { roots, uploads: stage.uploads, ...reach }
  return openSource(spec, { ...deps, unpack, containers, spool })
}

/** How files of an ingest are opened. */
export const openingOf = (
  { stage, unpack, signal }: Pick<Deps, 'stage' | 'unpack'> & { signal: AbortSignal },
  ingestId: string,
  { format }: Pick<FullSpec, 'format'>,
): Opening => ({ format, limits: unpack, signal, scratch: () => stage.scratch(ingestId) })
