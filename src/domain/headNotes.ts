/**
 * What the heads of the files of an ingest tell. The notes of the first table are told as they are;
 * those of another file only where they differ, and of each kind some whole and the others by name.
 */
import { type Note, noteOf } from '../errors/notes.ts'
import { SomeNames } from './someNames.ts'

/** A file has so many at most: what a head can tell is less. */
const ofFileMax = 10
const wholeMax = 3

/** A note without the file that it is about: the same for all files that are read alike. */
export function noteKey({ code, message, hint }: Note, file: string): string {
  // The flags say what was taken. Each file has other values that show it.
  const told = code === 'terms_guessed' && hint !== null ? hint : message
  return JSON.stringify([code, told.replaceAll(file, '')])
}

/**
 * The notes of a file that the first table does not have as well.
 * @param known keys of the notes of the first table
 */
export function ownNotes(notes: readonly Note[], file: string, known: readonly string[]): Note[] {
  const own = notes.filter((note) => !known.includes(noteKey(note, file)))
  return own.slice(0, ofFileMax).map((note) => {
    if (note.file === file) return note
    const subject = note.subject === '' ? file : `${file} ${note.subject}`
    return { ...note, subject, file, message: `${file}: ${note.message}` }
  })
}

export class HeadNotes {
  readonly #whole: Note[] = []
  readonly #counts = new Map<string, number>()
  readonly #more = new Map<string, SomeNames>()

  add(file: string, notes: readonly Note[]): void {
    for (const note of notes) {
      const { code } = note
      const count = (this.#counts.get(code) ?? 0) + 1
      this.#counts.set(code, count)
      if (count <= wholeMax) this.#whole.push(note)
      else {
        const more = this.#more.get(code) ?? new SomeNames()
        this.#more.set(code, more)
        more.add(file)
      }
    }
  }

  get notes(): Note[] {
    const more = [...this.#more].map(([code, { count, shown: some }]) =>
      noteOf('heads_alike', { subject: code, code, count, some }),
    )
    return [...this.#whole, ...more]
  }
}
