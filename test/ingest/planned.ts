/** An ingest whose verbs a test runs by hand, so that the target can change between them. */
import { randomUUID } from 'node:crypto'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { expect } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import type { Db } from '../../src/postgres/db.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { fullSpec, type IngestSpec } from '../../src/spec/spec.ts'
import type { Harness } from '../harness.ts'
import { testDeps } from './deps.ts'

/** Without its warnings: failing is what most attempts are for. */
const logger = new DefaultLogger('ERROR')

export const runVerb = <I, T>(verb: (input: I) => Promise<T>, input: I): Promise<T> =>
  new MockActivityEnvironment({}, { logger }).run(verb, input)

/** @returns plans an ingest of one unit; load and publish are to come, by hand */
export function planner(harness: Harness, { db = harness.db }: { db?: Db } = {}) {
  const activities = createActivities({ ...testDeps(harness), db })
  const { listSource, stageLot, planIngest, loadUnit, publishIngest } = activities
  return async (content: string, target: NonNullable<IngestSpec['target']>) => {
    const ingestId = randomUUID()
    const path = await harness.file(`${ingestId}.csv`, content)
    const spec = fullSpec({ source: { kind: 'directory', path }, target })
    await enterIngest(harness.db, { ingestId, spec, target: `public.${target.table}` })
    await runVerb(listSource, { ingestId })
    await runVerb(stageLot, { ingestId, lotNo: 0 })
    const { units, records } = await runVerb(planIngest, { ingestId })
    expect(units).toBe(1)
    const load = () => runVerb(loadUnit, { ingestId, unitNo: 0 })
    const publish = () => runVerb(publishIngest, { ingestId, records })
    return { ingestId, load, publish }
  }
}
