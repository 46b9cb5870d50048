/** What the note table says of one note. */
import type { Example } from '../examples.ts'

export interface NoteRow {
  meaning: string
  /** `{name}` is filled from the parameters, here and in the hint. */
  message: string
  /** null when nothing needs to be done. */
  hint: string | null
  /** A value for each name in the message and the hint: see examples.ts. Absent where they have none. */
  example?: Example
}
