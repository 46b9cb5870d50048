/** Looks after ingests that were left alone: see activities/janitor.ts. */
import { patched, proxyActivities, workflowInfo } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { Findings } from '../src/domain/janitor.ts'
import { short } from './options.ts'

/** Pages of 100 ingests that one pass looks at; the next pass of the schedule goes on there. */
const pagesMax = 50
const namedMax = 100

/** It asks for little, and should not wait behind thousands of units. */
const activities = proxyActivities<Activities>({
  ...short,
  priority: { priorityKey: 1 },
})

/** A run that began when these activities had other names goes on with those. */
function verbs() {
  if (patched('janitor-activity-names')) return activities
  const { lookThrough, clearOut } = activities
  return { endOrphans: lookThrough, removeLeftovers: clearOut }
}

export async function janitor(): Promise<Findings> {
  const last = workflowInfo().lastResult as Findings | undefined
  const { endOrphans, removeLeftovers } = verbs()
  const found = { looked: 0, started: 0, ended: 0, orphans: [] as Findings['orphans'] }
  let next = last?.next ?? null
  for (let page = 0; page < pagesMax; page++) {
    const { looked, started = 0, orphans, next: after } = await endOrphans({ after: next })
    found.looked += looked
    found.started += started
    found.ended += orphans.length
    found.orphans.push(...orphans.slice(0, namedMax - found.orphans.length))
    next = after
    if (next === null) break
  }
  return { ...found, ...(await removeLeftovers()), next }
}
