/**
 * Options that several formats have. One that is shared is one object: so it has one flag, which
 * says the same for all of them.
 */
import { Type } from 'typebox'
import { type Options, oneOf, type Shown } from '../domain/option.ts'

const encodingShown: Shown<{ encoding?: string }> = {
  value: ({ encoding = 'utf-8' }) => encoding,
  isSniffed: true,
}

export const sharedOptions = {
  encoding: {
    schema: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,39}$' }),
    about: 'the encoding, like utf-16le, latin1 or windows-1252',
    absent: 'sniffed for each file',
    flag: { text: '--encoding <name>' },
    shown: encodingShown,
    example: '--encoding windows-1252',
  },
  unknownFiles: {
    schema: oneOf('fail', 'skip', 'position'),
    about:
      'a file whose header has no known name, or that has no header while others have one: ' +
      'it fails the ingest, is skipped, or is taken by position where it has no header',
    absent: 'fail',
    flag: { text: '--unknown-files <how>' },
    example: '--unknown-files skip',
  },
} satisfies Options
