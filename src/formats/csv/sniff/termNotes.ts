/** What is told of how numbers and dates are written: what was found, and what could not be. */
import { dateParts, plainNumber, type Terms } from '../../../domain/values.ts'
import { quotedText } from '../../../domain/visible.ts'
import { type Note, noteOf } from '../../../errors/notes.ts'

/** Where the values are. */
export interface Place {
  file: string
  /** Names of the fields; none without a header. */
  names: readonly (string | null)[]
}

const nameCharsMax = 80
const columnsShown = 5

/** `column price`, `columns price, rate`. */
export function whereIn({ names }: Place, all: string[][], columns: string[][]): string {
  const shown = columns.slice(0, columnsShown).map((values) => {
    const at = all.indexOf(values)
    return names[at]?.trim().slice(0, nameCharsMax) || `column_${at + 1}`
  })
  const more = columns.length > shown.length ? ', …' : ''
  return `${columns.length === 1 ? 'column' : 'columns'} ${shown.join(', ')}${more}`
}

interface Told {
  where: string
  value: string
}

/** The numbers of a file are read in terms that its values show. */
export function numbersNote(terms: Terms, { where, value }: Told, { file }: Place): Note {
  const { decimal, thousands } = terms
  const marks = [
    ...(decimal ? ['a decimal comma'] : []),
    ...(thousands ? [`${quotedText(thousands)} between thousands`] : []),
  ].join(' and ')
  const flags = [
    ...(decimal ? ['--decimal ,'] : []),
    ...(thousands
      ? [`--thousands ${/[.,_]/.test(thousands) ? thousands : JSON.stringify(thousands)}`]
      : []),
  ].join(' ')
  return guessNote({
    what: `Numbers are taken to have ${marks}`,
    ...{ where, file, value, read: plainNumber(value, terms) ?? value },
    flag: `\`${flags}\``,
    otherwise:
      'If the marks mean something else, say `--decimal .`, and only plain numbers are numbers',
    subject: `${file} \`--decimal\``,
  })
}

/** The dates of a file are read in an order that its values show. */
export function datesNote(dates: 'DMY' | 'MDY', { where, value }: Told, { file }: Place): Note {
  const [first, other] = dates === 'DMY' ? ['day', 'MDY'] : ['month', 'DMY']
  return guessNote({
    what: `Dates are taken to have the ${first} first`,
    ...{ where, file, value, read: isoDate(value, dates) },
    flag: `\`--dates ${dates}\``,
    otherwise: `If it does not come first, say \`--dates ${other}\``,
    subject: `${file} \`--dates\``,
  })
}

interface Guess extends Told {
  what: string
  file: string
  read: string
  flag: string
  otherwise: string
  subject: string
}

function guessNote({ value, ...guess }: Guess): Note {
  return { ...noteOf('terms_guessed', { ...guess, value: quotedText(value) }), value }
}

/** The year has four digits or two, as it is written. */
function isoDate(value: string, dates: 'DMY' | 'MDY'): string {
  const [first = '', second = '', year = ''] = dateParts(value)?.parts ?? []
  const [month, day] = dates === 'DMY' ? [second, first] : [first, second]
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
}

/** Nothing was found, or one value contradicts another. */
export function unsureNote(
  told: { problem: string; flag: string; where: string },
  { file }: Place,
): Note {
  return noteOf('terms_unsure', { ...told, file, subject: `${file} ${told.flag}` })
}
