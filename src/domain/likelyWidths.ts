/** What most likely mends rows that have fewer or more fields, or characters, than there are columns for. */
import type { Given, Rejected } from './rejected.ts'
import { delimiterFlag, unquoteLines } from './shellWords.ts'
import { quotedText } from './visible.ts'

export function likelyWidths(found: readonly Rejected[], given: Given): string[] {
  const rows = found.map((reject) => ({ ...reject, ...countsOf(reject) }))
  const alone = rows.filter(({ fields }) => fields === 1)
  if (alone.length * 2 > rows.length && given.delimiter === undefined) return ofOneField(alone)
  const few = rows.some(({ fields, width }) => fields < width)
  const more = rows.filter(({ fields, width }) => fields > width)
  if (more.length === 0) return [`Rows have fewer fields than the header: ${padding(given)}.`]
  if (given.columns !== undefined) {
    const most = Math.max(...more.map(({ fields }) => fields))
    const rest = few ? ' The others have fewer: `--ragged pad` fills them up with NULL.' : ''
    return [`Rows have up to ${most} fields: give a name for each of them.${rest}`]
  }
  const what = few ? 'fewer and more' : 'more'
  const flag = few || given.ragged === 'pad' ? '`--ragged fit`' : '`--ragged trim`'
  const isLossless = more.every(({ values, width }) =>
    values.slice(width).every((value) => (value ?? '').trim() === ''),
  )
  const does = few ? 'pads and cuts them' : 'cuts them'
  return isLossless
    ? [`Rows have ${what} fields than the header, and the further ones are empty: ${flag} ${does}.`]
    : [
        `Rows have ${what} fields than the header. Most likely a value has a delimiter in it and no quotes: correct the rows, for ${flag} would drop what stands behind the last column.`,
      ]
}

/** The same for lines of a file of fixed width. */
export function likelyLineWidths(found: readonly Rejected[], given: Given): string[] {
  const lines = found.map(countsOf)
  const longer = lines.filter(({ fields, width }) => fields > width)
  if (longer.length === 0) {
    return [
      `Lines are shorter than their columns: ${padding(given)}. If all are, correct \`--widths\`.`,
    ]
  }
  const most = Math.max(...longer.map(({ fields }) => fields))
  return [
    `Lines have up to ${most} characters: name a column for the further ones in \`--widths\`, for \`--ragged trim\` would drop them.`,
  ]
}

const padding = ({ ragged }: Given): string =>
  ragged === 'trim' ? '`--ragged fit` pads them, too' : '`--ragged pad` fills them up with NULL'

interface Counts {
  fields: number
  width: number
}

/** `2 fields instead of 3`, or characters: see errors/rejects.ts. */
function countsOf({ error }: Rejected): Counts {
  const [fields = 0, width = 0] = error.match(/\d+/g)?.map(Number) ?? []
  return { fields, width }
}

const delimiters = [';', '\t', '|', ',', ':', '^', '~']

/** Another delimiter would split them, or they are no records of the table at all. */
function ofOneField(rows: readonly (Rejected & Counts)[]): string[] {
  const splits = (delimiter: string) =>
    rows.filter(({ raw, width }) => raw.split(delimiter).length === width).length
  const delimiter = delimiters.find((each) => splits(each) * 2 > rows.length)
  if (delimiter !== undefined) {
    return [
      `Rows have one field, and ${quotedText(delimiter)} splits them: if all rows are written so, say ${delimiterFlag(delimiter)}; else correct them.`,
    ]
  }
  if (rows.every(({ raw }) => /^".*"$/s.test(raw.trim()))) {
    return [
      `Rows stand in quotes as a whole, so each is one field. Take these quotes away first, as with ${unquoteLines}.`,
    ]
  }
  return [
    'Rows have one field where more are expected, such as titles or remarks, and are rightly rejects. If they are records, name what stands between their fields with `--delimiter`.',
  ]
}
