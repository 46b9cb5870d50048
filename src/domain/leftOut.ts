/** Files that were not loaded, by what they are: for the notes of an ingest. */
import { type Note, noteOf } from '../errors/notes.ts'
import { SomeNames } from './someNames.ts'

export class LeftOut {
  readonly #byReason = new Map<string, SomeNames>()
  readonly #all = new SomeNames()
  readonly #withoutTarget = new SomeNames()

  /** @returns false, so that a filter can call it */
  add(why: string, name: string): false {
    const names = this.#byReason.get(why) ?? new SomeNames()
    this.#byReason.set(why, names)
    names.add(name)
    return this.#all.add(name)
  }

  /** One that is data, but none of several targets is for it. */
  addWithoutTarget(name: string): void {
    this.#withoutTarget.add(name)
  }

  get count(): number {
    return this.#all.count
  }

  get shown(): string {
    return this.#all.shown
  }

  get withoutTarget(): Pick<SomeNames, 'count' | 'shown'> {
    return this.#withoutTarget
  }

  get notes(): Note[] {
    const notes = [...this.#byReason].map(([why, { count, shown: some }]) =>
      noteOf('files_left_out', { subject: why, why, count, some }),
    )
    const { count, shown: some } = this.#withoutTarget
    return count > 0 ? [...notes, noteOf('files_without_target', { count, some })] : notes
  }
}
