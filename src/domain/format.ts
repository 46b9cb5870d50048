/** How files are written, as far as the spec says it; the rest is sniffed. */
import { type Static, Type } from 'typebox'

const oneByte = (description: string) =>
  Type.String({ minLength: 1, maxLength: 1, pattern: '^[\\x01-\\x7f]$', description })

const nullText = Type.String({ maxLength: 64, pattern: '^[^\\x00\\r\\n]*$' })
const words = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 64, pattern: '^[^\\x00\\r\\n]*$' }), {
    minItems: 1,
    maxItems: 50,
    description,
  })

export const Format = Type.Object(
  {
    kind: Type.Optional(Type.Union([Type.Literal('auto'), Type.Literal('csv')])),
    encoding: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,39}$',
        description: 'Like `utf-16le`, `latin1` or `windows-1252`. Sniffed if left out.',
      }),
    ),
    delimiter: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 16,
        pattern: '^[^\\x00]+$',
        description: 'Between fields; one character or several. Sniffed if left out.',
      }),
    ),
    quote: Type.Optional(
      Type.String({
        maxLength: 1,
        pattern: '^[\\x01-\\x7f]?$',
        description: 'Around fields; empty when nothing is quoted. Sniffed if left out.',
      }),
    ),
    escape: Type.Optional(
      oneByte('Before a quote within quotes; the quote itself, doubled. Sniffed if left out.'),
    ),
    header: Type.Optional(
      Type.Union([Type.Boolean(), Type.Integer({ minimum: 0, maximum: 10 })], {
        description: 'Do the first records name the columns, and how many? Sniffed if left out.',
      }),
    ),
    columns: Type.Optional(
      Type.Array(Type.String({ maxLength: 400 }), {
        minItems: 1,
        maxItems: 1600,
        description: 'Names for the fields, in place of those in the file.',
      }),
    ),
    skipRows: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        description: 'Lines in front of the header. Sniffed if left out.',
      }),
    ),
    skipFooter: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        description: 'Records at the end of each file that are none. 0 if left out.',
      }),
    ),
    comment: Type.Optional(oneByte('A line that starts with it is no record. None if left out.')),
    ragged: Type.Optional(
      Type.Union(
        [Type.Literal('reject'), Type.Literal('pad'), Type.Literal('trim'), Type.Literal('fit')],
        {
          description:
            'A record with too few fields is padded with NULL (`pad`), one with too many is cut ' +
            '(`trim`), or either (`fit`). Rejected if left out.',
        },
      ),
    ),
    null: Type.Optional(
      Type.Union([nullText, Type.Array(nullText, { minItems: 1, maxItems: 50 })], {
        description: 'The unquoted text that stands for NULL, or several. Empty if left out.',
      }),
    ),
    unknownFiles: Type.Optional(
      Type.Union([Type.Literal('fail'), Type.Literal('skip'), Type.Literal('position')], {
        description:
          'A file whose header has no known name, or that has no header while others have one: it ' +
          'fails the ingest, is left out, or is taken by position where it has no header. It ' +
          'fails if absent.',
      }),
    ),
    true: Type.Optional(words('More words for true in a boolean column, in any case.')),
    false: Type.Optional(words('More words for false in a boolean column, in any case.')),
    decimal: Type.Optional(
      Type.Union([Type.Literal('.'), Type.Literal(',')], {
        description: 'The decimal mark of numbers. Sniffed if left out.',
      }),
    ),
    thousands: Type.Optional(
      Type.Union(
        [
          Type.Literal(','),
          Type.Literal('.'),
          Type.Literal(' '),
          Type.Literal("'"),
          Type.Literal('_'),
        ],
        { description: 'What stands between the thousands of numbers. Sniffed if left out.' },
      ),
    ),
    dates: Type.Optional(
      Type.Union([Type.Literal('YMD'), Type.Literal('DMY'), Type.Literal('MDY')], {
        description: 'The order of year, month and day in dates. Sniffed if left out.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type Format = Static<typeof Format>
