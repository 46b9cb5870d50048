/** Files that were not loaded, by what they are: for the notes of an ingest. */
import { type Note, noteOf } from '../errors/notes.ts'
import { SomeNames } from './someNames.ts'

export class LeftOut {
  readonly #byReason = new Map<string, SomeNames>()
  readonly #all = new SomeNames()

  /** @returns false, so that a filter can call it */
  add(why: string, name: string): false {
    const names = this.#byReason.get(why) ?? new SomeNames()
    this.#byReason.set(why, names)
    names.add(name)
    return this.#all.add(name)
  }

  get count(): number {
    return this.#all.count
  }

  get shown(): string {
    return this.#all.shown
  }

  get notes(): Note[] {
    return [...this.#byReason].map(([why, { count, shown: some }]) =>
      noteOf('files_left_out', { subject: why, why, count, some }),
    )
  }
}
