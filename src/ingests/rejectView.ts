/** How a reject is shown: one schema gives the type, the documentation and the reply. */
import { type Static, Type } from 'typebox'
import { orNull, time } from '../domain/schema.ts'

export const Reject = Type.Object({
  file: Type.String(),
  fileNo: Type.Integer(),
  line: Type.Integer({ description: 'Of the file, where the record starts; the first is 1.' }),
  column: Type.Union([Type.String(), Type.Null()]),
  code: Type.String({ description: 'One of those at the end of /docs/errors, or an SQLSTATE.' }),
  constraint: Type.Union([Type.String(), Type.Null()], {
    description: 'Of the target: the one that the row breaks.',
  }),
  error: Type.String(),
  raw: Type.String({ description: 'The record, exactly; bytes that are no text are U+FFFD.' }),
  loadedAt: orNull(time('When a retry has loaded it after all.')),
  retryId: orNull(Type.String({ description: 'The retry that tried it last.' })),
})
export type Reject = Static<typeof Reject>
