/** The flags that most likely mend values which do not fit the types of their columns. */
import { type DateOrder, dateOrdersOf } from './calendar.ts'
import { answersIn } from './oddRows.ts'
import type { Given, Rejected } from './rejected.ts'
import { inShell, nullFlags } from './shellWords.ts'
import { quotedText } from './visible.ts'

/** @returns a sentence for each kind of values that is known, and one for all others */
export function likelyValues(found: readonly Rejected[], given: Given): string[] {
  const misfits = found.map(misfitOf)
  const sentences: string[] = []
  let rest = misfits
  for (const kind of [asTooLarge, asAnswers, asNoDates, asDates, asNumbers, asNullWords]) {
    const { taken, sentence } = kind(rest, given)
    if (sentence === null) continue
    sentences.push(sentence)
    rest = rest.filter((misfit) => !taken.includes(misfit))
  }
  return rest.length > 0 ? [...sentences, generally(rest, given)] : sentences
}

interface Misfit {
  column: string | null
  type: string | null
  value: string | null
}

const texts = [
  /^not a valid (?<type>[^:]+): (?<value>.*)$/s,
  /for type (?<type>[^:]+): "(?<value>.*)"$/s,
  /^value "(?<value>.*)" is out of range for type (?<type>.+)$/s,
  /^(?<type>date)\/time field value out of range: "(?<value>.*)"$/s,
]

/** As errors/rejects.ts and PostgreSQL word it. */
function misfitOf({ column, error }: Rejected): Misfit {
  for (const text of texts) {
    const groups = text.exec(error)?.groups
    if (!groups) continue
    const { type = null, value = '' } = groups
    return { column, type, value: /^(["'])(?<inner>.*)\1$/s.exec(value)?.groups?.inner ?? value }
  }
  return { column, type: null, value: null }
}

interface Explained {
  taken: readonly Misfit[]
  /** null: nothing is known that would help. */
  sentence: string | null
}

const unexplained: Explained = { taken: [], sentence: null }

const boundTexts = /^(character|bit)/
const plainNumber = /^\s*[-+]?\d+(\.\d+)?\s*$/

/** Texts that are too long, and plain numbers that are too large or have a fraction. */
function asTooLarge(misfits: readonly Misfit[]): Explained {
  const taken = misfits.filter(({ type, value }) =>
    boundTexts.test(type ?? '')
      ? value !== null
      : numberTypes.test(type ?? '') && plainNumber.test(value ?? ''),
  )
  if (taken.length === 0) return unexplained
  const isText = taken.some(({ type }) => boundTexts.test(type ?? ''))
  const columns = taken.flatMap(({ column }) => column ?? [])
  return { taken, sentence: tooLargeAdvice(columns, isText ? 'text' : 'numeric') }
}

/** How they are written makes no difference: the type is too small, or the value is wrong. */
export function tooLargeAdvice(found: readonly string[], type: 'text' | 'numeric'): string {
  const columns = [...new Set(found)].slice(0, 5)
  const where = columns.length > 0 ? ` of ${columns.join(', ')}` : ''
  const how = `\`alter table … alter column ${columns[0] ?? '…'} type ${type}\``
  return `Values${where} are longer or larger than the types of the table take: correct the rows, or change the type, as in ${how}.`
}

function asAnswers(misfits: readonly Misfit[], given: Given): Explained {
  if (given.true === null) return unexplained
  const taken = misfits.filter(({ type, value }) => type === 'boolean' && value !== null)
  const words = [...new Set(taken.map(({ value }) => value as string))]
  if (words.length === 0 || words.length > 4) return unexplained
  const known = (option: string) => wordsOf(given[option]).map((word) => word.toLowerCase())
  const found = answersIn(words)
  const where = `In ${columnsOf(taken)}`
  const list = words.map(quotedText).join(', ')
  if (!found) {
    const are = words.length === 1 ? 'is' : 'are'
    const isGiven = given.true !== undefined || given.false !== undefined
    const what = isGiven
      ? 'correct the rows, or add a `--true` or `--false` for it'
      : 'say with `--true` and `--false` what is which'
    return { taken, sentence: `${where}, ${list} ${are} no boolean: ${what}.` }
  }
  const flags = [
    ...(known('true').includes(found.yes.toLowerCase()) ? [] : [`--true ${inShell(found.yes)}`]),
    ...(known('false').includes(found.no.toLowerCase()) ? [] : [`--false ${inShell(found.no)}`]),
  ]
  return { taken, sentence: `${where}, ${list} can be read with \`${flags.join(' ')}\`.` }
}

const dateTypes = /^(date|timestamp)/

/** Dates that no order makes right, like 31.02.2025: only the rows can be corrected. */
function asNoDates(misfits: readonly Misfit[]): Explained {
  const taken = misfits.filter((misfit) => ordersOf(misfit)?.length === 0)
  const dates = [...new Set(taken.map(({ value }) => value as string))]
  if (dates.length === 0) return unexplained
  const list = dates.slice(0, wordsMax).map(quotedText).join(', ')
  const more = dates.length > wordsMax ? ' and others' : ''
  const are = dates.length === 1 ? 'is no date' : 'are no dates'
  const sentence = `In ${columnsOf(taken)}, ${list}${more} ${are} of the calendar: correct the rows.`
  return { taken, sentence }
}

function asDates(misfits: readonly Misfit[], given: Given): Explained {
  if (given.dates !== undefined) return unexplained
  const dayOrMonthFirst: DateOrder[] = ['DMY', 'MDY']
  const taken = misfits.filter((misfit) =>
    ordersOf(misfit)?.some((order) => dayOrMonthFirst.includes(order)),
  )
  if (taken.length === 0) return unexplained
  const orders = dayOrMonthFirst.filter((order) =>
    taken.every((misfit) => ordersOf(misfit)?.includes(order)),
  )
  if (orders.length === 0) return unexplained
  const flag = orders.map((order) => `\`--dates ${order}\``).join(' or ')
  return { taken, sentence: `The dates in ${columnsOf(taken)} may be read with ${flag}.` }
}

const ordersOf = ({ type, value }: Misfit): DateOrder[] | null =>
  dateTypes.test(type ?? '') ? dateOrdersOf(value ?? '') : null

const numberTypes = /^(smallint|integer|bigint|numeric|real|double precision)/
const withComma = /^\s*[-+]?\d+([. ']\d{3})*,\d+\s*$/
const withThousands = /^\s*[-+]?\d{1,3}(,\d{3})+(\.\d+)?\s*$/

function asNumbers(misfits: readonly Misfit[], given: Given): Explained {
  if (given.decimal !== undefined || given.thousands !== undefined) return unexplained
  const numbers = misfits.filter(({ type }) => numberTypes.test(type ?? ''))
  const comma = numbers.filter(({ value }) => withComma.test(value ?? ''))
  const thousands = numbers.filter(({ value }) => withThousands.test(value ?? ''))
  const taken = numbers.filter((misfit) => comma.includes(misfit) || thousands.includes(misfit))
  if (taken.length === 0) return unexplained
  const flags = [
    ...(comma.length === taken.length ? ['`--decimal ,`'] : []),
    ...(thousands.length === taken.length ? ['`--thousands ,`'] : []),
  ]
  const flag = flags.length > 0 ? flags.join(' or ') : '`--decimal` and `--thousands`'
  return { taken, sentence: `The numbers in ${columnsOf(taken)} may be read with ${flag}.` }
}

/** So many values are quoted in a sentence. */
const wordsMax = 3

/** A few words without a digit, over and over: they mean that there is no value. */
function asNullWords(misfits: readonly Misfit[], given: Given): Explained {
  if (given.null === null) return unexplained
  const taken = misfits.filter(
    ({ type, value }) => type !== 'boolean' && /^[^\d\r\n\0]{1,20}$/.test(value ?? ''),
  )
  const words = [...new Set(taken.map(({ value }) => value as string))]
  if (words.length === 0 || words.length > wordsMax) return unexplained
  const before = given.null === undefined ? [''] : wordsOf(given.null)
  const mean = words.length === 1 ? 'means' : 'mean'
  const flags = nullFlags([...before, ...words])
  return {
    taken,
    sentence: `If ${words.map(quotedText).join(', ')} ${mean} NULL, say \`${flags}\`; then they are NULL in columns of text, too.`,
  }
}

function generally(misfits: readonly Misfit[], given: Given): string {
  const where = misfits.some(({ column }) => column !== null) ? ` of ${columnsOf(misfits)}` : ''
  const flags = ['null', 'decimal', 'dates'].filter((option) => given[option] === undefined)
  const list = flags
    .map((option) => `\`--${option}\``)
    .join(', ')
    .replace(/, ([^,]+)$/, ' or $1')
  const written = flags.length > 0 ? `say how they are written with ${list}, or ` : ''
  return `The values${where} do not fit: ${written}give the columns another type (of a new table: \`--types text\`).`
}

/** The first five. */
function columnsOf(misfits: readonly Misfit[]): string {
  const names = new Set(misfits.flatMap(({ column }) => (column === null ? [] : [column])))
  return names.size > 0 ? [...names].slice(0, 5).join(', ') : 'some columns'
}

const wordsOf = (option: unknown): string[] =>
  option === undefined ? [] : ([option].flat() as string[])
