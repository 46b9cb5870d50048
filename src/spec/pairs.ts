/** Options that give something to each of several names: `{"id": "bigint not null"}`. */
import { Type } from 'typebox'

const textCharsMax = 300

/** A table has no more columns than this. */
const pairsMax = 1600

/** @param what each of the texts is, for people */
export const pairsOf = (what: string) =>
  Type.Record(
    Type.String(),
    Type.String({ maxLength: textCharsMax, pattern: '^[^\\u0000]*$', description: what }),
    { maxProperties: pairsMax },
  )
