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
  'markPaused',
  'endOrphans',
  'removeLeftovers',
  'retryRejects',
  // Earlier names of endOrphans and removeLeftovers, which older runs of the janitor ask for.
  'lookThrough',
  'clearOut',
] as const
export type ActivityName = (typeof activityNames)[number]
