/** What a workflow is started with, and what its activities hand back to it. */
import type { Alone, StepPlan } from './step.ts'
import type { LimitsByVerb } from './timeLimits.ts'

/** What the workflow must know of its ingest; the rest of the spec is in the ledger. */
export interface IngestInput {
  /** null: the steps are all that is to be done. */
  target: string | null
  parallelism: number
  rejectsMax: number | string | null
  limits?: LimitsByVerb
  /**
   * An ingest of up to so many bytes may have one activity for all of its verbs. Absent in inputs of
   * earlier versions, whose histories have an activity for each.
   */
  smallBytesMax?: number
  /**
   * So many files may share an activity for a step. Absent in inputs of earlier versions, whose
   * histories have an activity for each file.
   */
  stepFilesMax?: number
  /** Its rows are published with those of other targets: the run ends with the last unit. */
  isHeld?: boolean
  /** For tests: bytes of a lot, at most, in place of the usual ones. */
  lotBytesMax?: number
  /** For tests: history events after which a run continues as new. */
  historyEventsMax?: number
  /** For tests: how long a worker may be silent before its work is given to another one. */
  heartbeatMs?: number
}

/** What one unit holds at most, see plan.ts: more of it would take several activities anyway. */
export const smallBytesMax = 4 * 1024 * 1024

/** The phases that a run of the workflow can begin in. */
export const runPhases = ['list', 'stage', 'step', 'load'] as const

/** How far an earlier run of this workflow came. */
export interface Progress {
  phase: (typeof runPhases)[number]
  /** The next lot or unit. */
  next: number
  files: number
  lots: number
  /** Units are loaded while lots are staged. Absent for few lots, and in older histories. */
  streams?: boolean
  /** Then: the next unit to load while there are lots to stage. */
  nextUnit?: number
  /** Lots of one large file of which a part is staged, and no next one is on its way; none if absent. */
  partial?: number[]
  /** How often the landing table was made anew, as far as it was heard of; never if absent. */
  remade?: number
  /** It does not suit what was staged last: no unit is loaded meanwhile. */
  held?: boolean
  units: number
  /** How many of the units were added when others were split; absent when there are none. */
  unitsAdded?: number
  records: number
  loaded: number
  rowsLoaded: number
  rowsRejected: number
  /** Rejects that publish was to load again. Above 0 only in histories of earlier versions. */
  rowsToReload?: number
  paused: boolean
  /** The number of the last pause or resume, see workflows/signals.ts; absent before the first. */
  steered?: number
  /** In order, for every file. */
  steps?: StepPlan[]
  /** What the first units hold, for the summaries of their activities; absent in older histories. */
  labels?: string[]
  /** The task queue of the verbs after list; that of the workflow if absent. */
  queue?: string
  /** What the first activity did of the steps of the only file, when it went wrong. */
  alone?: Alone & { stepNo: number }
}

/** What the input of a verb may say that a pause can hold up. */
export interface Pausable {
  /** An earlier activity had tried this and failed, before a pause had it handed back. */
  again?: boolean
  /** Attempts at it that were part of another activity. */
  before?: number
}

/** The ingest is paused, so the activity has done nothing. It counts as no attempt. */
export interface HandedBack {
  handedBack: true
  /** It was not the first attempt. */
  again: boolean
}

/** PostgreSQL has emptied the landing table: nothing was published, and every unit is to be loaded again. */
export interface Emptied {
  emptied: true
}

export const isEmptied = (done: object): done is Emptied => 'emptied' in done

export const isHandedBack = (done: unknown): done is HandedBack =>
  (done as Partial<HandedBack> | null | undefined)?.handedBack === true
