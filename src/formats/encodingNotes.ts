/** What is told of the encoding of a file, where its bytes left it open. */
import { type Note, noteOf } from '../errors/notes.ts'
import type { HeadFile } from './format.ts'

export function encodingNotes({ name: file, encoding, encodingDoubt }: HeadFile): Note[] {
  if (!encoding || !encodingDoubt) return []
  const code = encodingDoubt === 'guessed' ? 'encoding_guessed' : 'encoding_doubtful'
  return [noteOf(code, { file, encoding })]
}
