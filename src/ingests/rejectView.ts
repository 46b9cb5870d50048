/** How a reject is shown: one schema gives the type, the documentation and the reply. */
import { type Static, Type } from 'typebox'
import { orNull, time } from '../domain/schema.ts'

export const Reject = Type.Object({
  file: Type.String(),
  fileNo: Type.Integer(),
  line: Type.Integer({ description: 'The line of the file where it starts; the first is 1.' }),
  column: Type.Union([Type.String(), Type.Null()]),
  code: Type.String({ description: 'One of those at the end of /docs/errors, or an SQLSTATE.' }),
  constraint: Type.Union([Type.String(), Type.Null()], {
    description: 'The constraint of the target that the row breaks.',
  }),
  error: Type.String(),
  raw: Type.String({ description: 'The record, exactly; bytes that are no text are U+FFFD.' }),
  loadedAt: orNull(time('When a retry has loaded it after all.')),
  retryId: orNull(Type.String({ description: 'The retry that tried it last.' })),
})
export type Reject = Static<typeof Reject>

export const RejectPage = Type.Object({
  rejects: Type.Array(Reject),
  next: orNull(Type.String()),
})
export type RejectPage = Static<typeof RejectPage>
