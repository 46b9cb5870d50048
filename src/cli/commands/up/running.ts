/** What `up` has running, and the order in which it ends. */

/** A part ends before the parts that it uses: the worker first, its database last. */
const order = ['upFile', 'worker', 'api', 'temporal', 'postgres'] as const
export type Part = (typeof order)[number]

interface Stoppable {
  stop(): Promise<unknown>
  /** At once, whatever is lost by it; nothing that was committed is. */
  kill(): unknown
}

export class Running {
  readonly #parts = new Map<Part, Stoppable>()
  #stopping = false

  get isStopping(): boolean {
    return this.#stopping
  }

  add(part: Part, stoppable: Stoppable): void {
    this.#parts.set(part, stoppable)
  }

  /** One after the other; a part that fails to stop does not keep the others. */
  async stop(): Promise<void> {
    this.#stopping = true
    const failed: unknown[] = []
    for (const part of order) {
      await this.#parts
        .get(part)
        ?.stop()
        .catch((error) => failed.push(error))
      this.#parts.delete(part)
    }
    if (failed.length > 0) throw failed[0]
  }

  /** Kills all parts, also one whose end `stop` waits for. */
  async kill(): Promise<void> {
    this.#stopping = true
    await Promise.allSettled([...this.#parts.values()].map(async (part) => part.kill()))
  }
}
