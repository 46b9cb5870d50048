/**
 * What must be ended before the bench ends, whatever ends it: the last opened goes first.
 *
 * Ctrl-C does not stop the measuring code, so something may still be opened while all is closed;
 * that is ended at once.
 */
export class Closing {
  readonly #steps: (() => Promise<unknown>)[] = []
  #closed: Promise<void> | null = null
  #breaks: (what: string) => void = () => {}
  /** Says which part ended by itself: whoever waits for its work waits in vain. */
  readonly broken = new Promise<string>((resolve) => {
    this.#breaks = resolve
  })

  get begun(): boolean {
    return this.#closed !== null
  }

  add(step: () => Promise<unknown>): void {
    if (this.#closed) this.#closed = this.#closed.then(step).then(() => {}, report)
    else this.#steps.push(step)
  }

  /** Ends what is being started, also when the end comes before the start is done. */
  addStarting<T>(starting: Promise<T>, end: (started: T) => Promise<unknown>): Promise<T> {
    this.add(() => starting.then(end, () => {}))
    return starting
  }

  /** A part that must not end before it is told to. */
  watch(what: string, exited: Promise<unknown>, isWanted: () => boolean = () => false): void {
    void exited.then(() => {
      if (!this.begun && !isWanted()) this.#breaks(what)
    })
  }

  async close(): Promise<void> {
    this.#closed ??= this.#closeAll()
    // Steps that were added meanwhile prolong it.
    for (let seen = null; seen !== this.#closed; ) {
      seen = this.#closed
      await seen
    }
  }

  async #closeAll(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step().catch(report)
  }
}

const report = (error: unknown): void => console.error(`closing: ${error}`)
