/** The activities of a worker, as the Temporal Web UI and `sluice inspect registered` show them. */
export const activityNames = [
  'listSource',
  'stageLot',
  'runStep',
  'planIngest',
  'loadUnit',
  'publishIngest',
  'sweepIngest',
  'markPaused',
  'endOrphans',
  'removeLeftovers',
  'retryRejects',
  // As endOrphans and removeLeftovers were called: runs of the janitor of before ask for them.
  'lookThrough',
  'clearOut',
] as const
export type ActivityName = (typeof activityNames)[number]
