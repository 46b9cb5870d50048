/** What most likely mends an ingest, by what its rejects have in common. */
import { grouped } from './grouped.ts'
import { likelyValues, tooLargeAdvice } from './likelyValues.ts'
import { likelyLineWidths, likelyWidths } from './likelyWidths.ts'
import { areTypes, areUnits, commentMark, isFooter } from './oddRows.ts'
import type { Given, Rejected } from './rejected.ts'

/** A reject is put down to the first cause that takes it. */
interface Cause {
  takes(reject: Rejected, given: Given): boolean
  /** None where all that would help was said already. */
  advice(found: readonly Rejected[], given: Given): string[]
}

/** So many sentences, those that most rejects are put down to. */
const sentencesMax = 3

/** @returns sentences that say what to do; null when nothing is known */
export function likelyAdvice(rejects: readonly Rejected[], given: Given): string | null {
  const byCause = grouped(rejects, (reject) => causes.find((each) => each.takes(reject, given)))
  const sentences = [...byCause]
    .sort(([, a], [, b]) => b.length - a.length)
    .flatMap(([cause, found]) => cause?.advice(found, given) ?? [])
  return sentences.length > 0 ? sentences.slice(0, sentencesMax).join(' ') : null
}

/** The same for an ingest that has failed: there is a sentence in any case. */
export function likelyCause(rejects: readonly Rejected[], given: Given): string {
  const isRule = rejects.length > 0 && rejects.every(({ code }) => code.startsWith('23'))
  return (
    likelyAdvice(rejects, given) ??
    (isRule
      ? 'The rows break a rule of the table: correct the rows, or the rule.'
      : 'They have no single cause.')
  )
}

const hasNot = (given: Given, ...options: string[]): boolean =>
  options.every((option) => given[option] === undefined)

const repeatedHeader: Cause = {
  takes: ({ values, header }, given) =>
    hasNot(given, 'repeatedHeaders') &&
    header !== null &&
    header.length === values.length &&
    header.every((name, at) => name.trim() === (values[at] ?? '').trim()),
  advice: () => [
    'The header comes again among the rows: with `--repeated-headers reject` it is told apart from data.',
  ],
}

const units: Cause = {
  takes: ({ values, header, isFirst }, given) =>
    hasNot(given, 'header', 'columns', 'skipRows') &&
    isFirst &&
    header !== null &&
    (areUnits(values) || areTypes(values)),
  // `--header 2` would give the columns other names than the table has.
  advice([first]) {
    const { line = 0, header = [], values = [] } = first ?? {}
    const what = areTypes(values) ? 'types' : 'units'
    const names = header?.join(',') ?? ''
    const columns = /^[\w,.-]{1,200}$/.test(names) ? `--columns ${names}` : '--columns'
    const how = `\`--skip-rows ${line} --no-header ${columns}\``
    return [
      `The first row has ${what}, and is rightly a reject. To leave it out, say ${how}, with the names of the fields.`,
    ]
  },
}

const comment: Cause = {
  takes: ({ raw }, given) => hasNot(given, 'comment') && commentMark(raw) !== null,
  advice: (found) =>
    [...new Set(found.map(({ raw }) => commentMark(raw)))]
      .slice(0, 1)
      .map((mark) => `Lines that begin with ${mark} are left out with \`--comment '${mark}'\`.`),
}

const footer: Cause = {
  takes: ({ values, fromEnd }, { skipFooter }) =>
    skipFooter !== null && fromEnd !== null && isFooter(values),
  advice: (found, { skipFooter = 0 }) => {
    const lines = Math.max(...found.map(({ fromEnd }) => fromEnd ?? 1))
    const what = lines === 1 ? 'record' : `${lines} records`
    const flag = `\`--skip-footer ${lines + Number(skipFooter)}\``
    return [`The last ${what} of each file may be totals or remarks: ${flag} leaves them out.`]
  },
}

const quotes: Cause = {
  takes: ({ code }) => code === 'quote_not_closed' || code === 'quote_misplaced',
  advice: (_, given) => {
    const isText = hasNot(given, 'quote') ? ['are text here, `--quote none`'] : []
    const isEscaped = hasNot(given, 'escape') ? ['are escaped, `--escape "\\"`'] : []
    const ways = [...isText, ...isEscaped]
    return ways.length > 0 ? [`Most likely quotes ${ways.join(', or ')}.`] : []
  },
}

const isUtf8 = (name: unknown): boolean => /^utf-?8$/i.test(String(name))

const encoding: Cause = {
  takes: ({ code }, given) =>
    (hasNot(given, 'encoding') || isUtf8(given.encoding)) &&
    (code === 'invalid_utf8' || code === 'nul_byte'),
  advice: (found) => {
    const nuls = found.filter(({ code }) => code === 'nul_byte').length
    const name = nuls * 2 > found.length ? 'utf-16le' : 'windows-1252'
    return [`Most likely the files are in another encoding: name it, as in \`--encoding ${name}\`.`]
  },
}

const ragged: Cause = {
  takes: ({ code }) => code === 'wrong_column_count',
  advice: likelyWidths,
}

const lineWidths: Cause = {
  takes: ({ code }) => code === 'wrong_line_width',
  advice: likelyLineWidths,
}

/** Too long a text, or too large a number: how values are written makes no difference. */
const size: Cause = {
  takes: ({ code }) => code === '22001' || code === '22003',
  advice(found) {
    const columns = found.flatMap(({ column }) => column ?? [])
    const isText = found.some(({ code }) => code === '22001')
    return [tooLargeAdvice(columns, isText ? 'text' : 'numeric')]
  },
}

const values: Cause = {
  // A value out of the range of its type, a date or a time that does not exist.
  takes: ({ code }) => ['22P02', '22003', '22007', '22008'].includes(code),
  advice: likelyValues,
}

/** What judgeUnique.ts says of a key that a row of the same ingest has. */
const inEarlierRow = 'already exists in an earlier row'

const unique: Cause = {
  takes: ({ code }, given) => code === '23505' && hasNot(given, 'unique'),
  advice: (found) =>
    found.every(({ error }) => error.includes(inEarlierRow))
      ? ['The files have several rows with one key: `--unique skip` keeps the first of each.']
      : ['Most likely the table has these rows already: `--unique skip` leaves them as they are.'],
}

const causes = [
  ...[repeatedHeader, units, comment, footer, quotes, encoding, ragged, lineWidths, size, values],
  unique,
]

interface Placed {
  line: number
  raw: string
}

/**
 * Where the rejects of a file stand in it.
 * @param rejects in the order of their lines
 * @param file `firstLine` is that of its first record, `lastLine` the last one of its last record
 */
export function placesIn(
  rejects: readonly Placed[],
  { firstLine, lastLine }: { firstLine: number; lastLine: number },
): Pick<Rejected, 'isFirst' | 'fromEnd'>[] {
  const places = rejects.map(({ line }) => ({
    isFirst: line === firstLine,
    fromEnd: null as number | null,
  }))
  let below = lastLine
  for (let at = rejects.length - 1; at >= 0; at--) {
    const { line, raw } = rejects[at] as Placed
    const end = line + raw.split(/\r\n|\r|\n/).length - 1
    if (end < below - blankLinesMax) break
    ;(places[at] as Pick<Rejected, 'fromEnd'>).fromEnd = rejects.length - at
    below = line - 1
  }
  return places
}

/** A line or two may be blank in front of a total. */
const blankLinesMax = 2
