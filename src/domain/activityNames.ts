import type { LimitedVerb } from './timeLimits.ts'

/** The activities of a worker, as the Temporal Web UI and `sluice inspect registered` show them. */
export const activityNames = [
  'beginIngest',
  'listSource',
  'stageLot',
  'runStep',
  'runStepOnFiles',
  'planIngest',
  'loadUnit',
  'publishIngest',
  'sweepIngest',
  'listTargets',
  'publishTargets',
  'markPaused',
  'endOrphans',
  'removeLeftovers',
  'retryRejects',
  'undoIngest',
  // Earlier names of endOrphans and removeLeftovers, which older runs of the janitor ask for.
  'lookThrough',
  'clearOut',
] as const
export type ActivityName = (typeof activityNames)[number]

/** The verb whose soft time limit an activity has; none has the limit of a step. */
export const verbOfActivity: Readonly<Record<string, Exclude<LimitedVerb, 'step'>>> = {
  listSource: 'list',
  stageLot: 'stage',
  planIngest: 'plan',
  loadUnit: 'load',
  publishIngest: 'publish',
  listTargets: 'list',
  publishTargets: 'publish',
}

/** The header of an activity that has its soft time limit, in milliseconds. */
export const softLimitHeader = 'sluice-soft-ms'
