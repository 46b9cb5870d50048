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
  'lookThrough',
  'clearOut',
  'retryRejects',
] as const
export type ActivityName = (typeof activityNames)[number]
