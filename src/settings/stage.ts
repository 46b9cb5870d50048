/** Where the stage lies: the API and all workers are given the same place. */
export interface StageSetting {
  /** An absolute folder, or `s3://bucket/prefix`. */
  at: string
  /** The connection that has the store and its keys; what the AWS_ variables say if absent. */
  connection?: string
}

/** Whether it is in an object store, and not in a folder. */
export const isInStore = ({ at }: StageSetting): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(at)
