/** The flag that most likely mends an ingest, by what its rejects have in common. */

interface Rejected {
  code: string
  column: string | null
  error: string
}

/** A sentence that names a flag, for the code that most of the rejects have. */
export function likelyCause(rejects: readonly Rejected[]): string {
  const codes = [...new Set(rejects.map(({ code }) => code))]
  const [found] = codes
    .map((code) => rejects.filter((reject) => reject.code === code))
    .sort((a, b) => b.length - a.length)
  if (!found?.[0]) return look
  return (causes[found[0].code] ?? constraintCause)(found)
}

const look = 'They have no single cause.'

const causes: Record<string, (rejects: Rejected[]) => string> = {
  wrong_column_count: raggedCause,
  quote_not_closed: () =>
    'Most likely quotes are text here, `--quote none`, or are escaped, `--escape "\\"`.',
  invalid_utf8: () =>
    'Most likely the files are in another encoding: name it, as in `--encoding windows-1252`.',
  nul_byte: () =>
    'Most likely the files are in another encoding: name it, as in `--encoding utf-16le`.',
  '22P02': valueCause,
  // A value out of the range of its type, a date or a time that does not exist.
  '22003': valueCause,
  '22007': valueCause,
  '22008': valueCause,
  '23505': () =>
    'Most likely the table has these rows already: `--unique skip` leaves them as they are.',
}

/** `2 fields instead of 3`: see errors/rejects.ts. */
function raggedCause(rejects: Rejected[]): string {
  const counts = rejects.map(({ error }) => error.match(/\d+/g)?.map(Number) ?? [])
  const isAlone = counts.filter(([fields]) => fields === 1).length * 2 > counts.length
  if (isAlone) {
    return 'Most likely the fields are parted by something else: name it with `--delimiter`.'
  }
  const few = counts.some(([fields = 0, width = 0]) => fields < width)
  const many = counts.some(([fields = 0, width = 0]) => fields > width)
  if (few && many) {
    return 'Rows have fewer and more fields than the header: `--ragged fit` pads and cuts them.'
  }
  return few
    ? 'Rows have fewer fields than the header: `--ragged pad` fills them up with NULL.'
    : 'Rows have more fields than the header: `--ragged trim` cuts them, `--delimiter` may be another.'
}

function valueCause(rejects: Rejected[]): string {
  const names = [...new Set(rejects.map(({ column }) => column))].filter((name) => name !== null)
  const where = names.length > 0 ? ` of ${names.slice(0, 5).join(', ')}` : ''
  return (
    `The values${where} do not fit: say how they are written with \`--null\`, \`--decimal\` or ` +
    '`--dates`, or give the columns another type (of a new table: `--types text`).'
  )
}

/** Each row breaks a rule of the table. */
function constraintCause(rejects: Rejected[]): string {
  const isRule = rejects.every(({ code }) => code.startsWith('23'))
  return isRule ? 'The rows break a rule of the table: correct the rows, or the rule.' : look
}
