/**
 * Receipts of a step on their way into the ledger.
 *
 * One statement at a time takes all that have ended by then, at most every 20 ms. So a step that takes
 * long has a commit of its own, at once, and steps that take a few milliseconds share one.
 */
import type { State } from '../../src/domain/words.ts'
import { mustBeActive, readIngest } from '../../src/postgres/ledger/ingests.ts'
import { recordStepEnds, type StepAttempt, type StepEnd } from '../../src/postgres/ledger/steps.ts'
import type { Attempt } from '../attempt/attempt.ts'

/** Steps that end within this time share a statement and a commit. */
const shareMs = 20

/** What the receipts are of. */
type Of = Pick<StepAttempt, 'ingestId' | 'stepNo' | 'step' | 'worker'>

export class Receipts {
  readonly #attempt: Attempt
  readonly #of: Of
  readonly #ended: StepEnd[] = []
  #writing: Promise<void> | null = null
  #timer: NodeJS.Timeout | undefined
  #wroteMs = Number.NEGATIVE_INFINITY
  /** The state of the ingest, as the ledger said it last, and when it was asked. */
  #state: State
  #askedMs = performance.now()
  #isOvertaken = false

  constructor(attempt: Attempt, of: Of, state: State) {
    this.#attempt = attempt
    this.#of = of
    this.#state = state
  }

  get isPaused(): boolean {
    return this.#state === 'paused'
  }

  /** Another attempt has finished a step that this one has done as well. */
  get isOvertaken(): boolean {
    return this.#isOvertaken
  }

  /** For how long nothing has been heard of a pause or an end. */
  get silentMs(): number {
    return performance.now() - this.#askedMs
  }

  add(end: StepEnd): void {
    this.#ended.push(end)
    this.#schedule()
  }

  /** Waits until all are in the ledger. @throws ingest_not_active, and what the database says */
  async settled(): Promise<void> {
    for (;;) {
      if (!this.#writing && this.#ended.length > 0) this.#write()
      if (!this.#writing) return
      await this.#writing
    }
  }

  #schedule(): void {
    if (this.#writing || this.#timer || this.#ended.length === 0) return
    const waitMs = this.#wroteMs + shareMs - performance.now()
    if (waitMs <= 0) this.#write()
    else this.#timer = setTimeout(() => this.#write(), waitMs)
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#wroteMs = performance.now()
    this.#writing = this.#record(this.#ended.splice(0)).then(() => {
      this.#writing = null
      this.#schedule()
    })
    // It stays as it is if it fails, and whoever waits for it is told.
    this.#writing.catch(() => {})
  }

  /** What other attempts were faster with is removed. */
  async #record(ends: StepEnd[]): Promise<void> {
    const { db, stage } = this.#attempt
    const { ingestId } = this.#of
    const askedMs = performance.now()
    const { state, first } = await recordStepEnds(db, this.#of, ends)
    if (state === null) {
      // The sweep has run already, so this attempt removes its own files.
      await stage.clear(ingestId)
      mustBeActive(ingestId, await readIngest(db, ingestId))
      return
    }
    this.#state = state
    this.#askedMs = askedMs
    const late = ends.filter(({ fileNo }) => !first.includes(fileNo))
    this.#isOvertaken ||= late.length > 0
    for (const { fileNo, file } of late) {
      if (file) await stage.remove({ ingestId, fileNo, stagedAs: file.stagedAs })
    }
  }
}
