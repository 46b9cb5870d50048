/** How many names there are, and the first of them: for a message about any number of files. */

const shownMax = 5
const charsMax = 200

export class SomeNames {
  count = 0
  readonly #first: string[] = []

  /**
   * @param detail what is said of this one
   * @returns false, so that a filter can call it
   */
  add(name: string, detail = ''): false {
    this.count++
    if (this.#first.length < shownMax) this.#first.push(name.slice(-charsMax) + detail)
    return false
  }

  /** `a.csv, b.csv and 7 more`. */
  get shown(): string {
    const more = this.count - this.#first.length
    return this.#first.join(', ') + (more > 0 ? ` and ${more} more` : '')
  }
}
