/**
 * Is the first record a header? A header names what stands below it.
 *
 * A text above a column of values is the proof. A value above values of its kind speaks against
 * it, unless it is one of several labels: dates above numbers, years, or numbers that count up,
 * where the numbers below are others. Dates and years are a proof as well. Without any proof, names are all filled and different, or
 * only the first one is empty, as pandas and R write row names.
 */
import { type Kind, kindOf, kindOfColumn } from './kinds.ts'

export type Values = (string | null)[]

/** Enough to see what a column is. */
const recordsMax = 500
const datesLeast = 2
const yearsLeast = 2
const countLeast = 3

interface Votes {
  pro: number
  contra: number
}

export function isHeader(first: Values, data: readonly Values[]): boolean {
  const names = first.map((name) => (name ?? '').trim())
  if (names.every((name) => name === '')) return false
  const votes = votesFor(names, data)
  if (votes.pro > 0) return votes.pro > votes.contra
  return votes.contra === 0 && areNames(names, data)
}

/**
 * How many more names prove it than speak against it; not positive without a proof. Whether its
 * fields are as many as those of the records matters not.
 */
export function proofsOf(first: Values, data: readonly Values[]): number {
  const { pro, contra } = votesFor(
    first.map((name) => (name ?? '').trim()),
    data,
  )
  return pro > 0 ? pro - contra : Math.min(0, -contra)
}

/** A header has no more rows. */
const headerRowsMax = 3
const typedLeast = 3

/**
 * How many of the records are the header, the first of which is known to be. A further one says the
 * same as the first, above a column of values, or has texts above at least three columns of values, and no value itself.
 */
export function headerRowsIn(records: readonly Values[]): number {
  const first = records[0]?.map(plain) ?? []
  let rows = 1
  while (rows < headerRowsMax && isFurther(records[rows] ?? [], first, records.slice(rows + 1))) {
    rows++
  }
  return rows
}

function isFurther(record: Values, first: string[], data: readonly Values[]): boolean {
  if (first.length < 2 || record.length !== first.length) return false
  // Among texts alone the same record once more may well be data.
  const isSame = isSameAs(record, first)
  if (isSame)
    return (
      proofsOf(
        first,
        data.filter((each) => !isSameAs(each, first)),
      ) > 0
    )
  const few = data.slice(0, recordsMax).filter(({ length }) => length === first.length)
  if (few.length < typedLeast) return false
  const kinds = first.map((_, at) => kindOfColumn(few.map((values) => values[at] ?? null)))
  const typed = kinds.flatMap((kind, at) => (kind === 'text' || kind === 'empty' ? [] : [at]))
  return typed.length >= typedLeast && typed.every((at) => kindOf(record[at] ?? null) === 'text')
}

const isSameAs = (record: Values, first: string[]): boolean =>
  record.length === first.length && record.every((value, at) => plain(value) === first[at])

const plain = (value: string | null): string => (value ?? '').trim().toLowerCase()

function votesFor(names: string[], data: readonly Values[]): Votes {
  const width = data[0]?.length ?? 0
  const votes = votesAt(names, data, 0)
  // The name of R's row names is left out.
  const shifted = names.length + 1 === width ? votesAt(names, data, 1) : votes
  return shifted.pro - shifted.contra > votes.pro - votes.contra ? shifted : votes
}

function votesAt(names: string[], data: readonly Values[], shift: number): Votes {
  const few = data.slice(0, recordsMax)
  const columns = names.map((_, at) => few.map((record) => record[at + shift] ?? null))
  const kinds = columns.map(kindOfColumn)
  const labels = labelsIn(names, columns, kinds)
  const votes = { pro: 0, contra: 0 }
  for (const [at, name] of names.entries()) {
    const vote = labels.get(at) ?? voteOf(kindOf(name), kinds[at] ?? 'empty')
    if (vote > 0) votes.pro++
    if (vote < 0) votes.contra++
  }
  return votes
}

function voteOf(name: Kind, column: Kind): number {
  if (column === 'empty' || column === 'text' || name === 'empty' || name === 'null') return 0
  if (name === 'text') return 1
  return name === column ? -1 : 0
}

/** Several dates above numbers, or years, or numbers that count up: where, and what that proves. */
function labelsIn(names: string[], columns: Values[], kinds: Kind[]): Map<number, number> {
  const among = [...names.keys()].filter((at) => kinds[at] === 'number')
  const dates = among.filter((at) => kindOf(names[at] ?? null) === 'date')
  const distinct = new Set(dates.map((at) => names[at]))
  const areDates = distinct.size === dates.length && dates.length >= datesLeast
  return new Map([
    ...(areDates ? dates.map((at) => [at, 1] as const) : []),
    ...countIn(names, columns, among),
  ])
}

function countIn(names: string[], columns: Values[], among: number[]): [number, number][] {
  const places = [...names.keys()].filter((at) => /^\d{1,4}$/.test(names[at] as string))
  const numbers = places.map((at) => Number(names[at]))
  const areYears = numbers.every(isYear)
  if (places.length < (areYears ? yearsLeast : countLeast) || !isRun(numbers)) return []
  // Data that are such numbers themselves are no proof that the first ones are names.
  const counted = places.filter((at) => among.includes(at))
  const rows = columns[0]?.length ?? 0
  const alike = Array.from({ length: rows }, (_, row) =>
    counted.map((at) => Number(columns[at]?.[row] ?? Number.NaN)),
  ).filter((values) => (areYears ? values.every(isYear) : isRun(values)))
  return alike.length * 2 > rows ? [] : counted.map((at) => [at, areYears ? 1 : 0])
}

const isYear = (number: number): boolean =>
  Number.isInteger(number) && number > 999 && number < 3000

/** Each the same step from the one before. */
function isRun(numbers: number[]): boolean {
  const step = (numbers[1] ?? 0) - (numbers[0] ?? 0)
  return (
    step !== 0 &&
    numbers.every((number, at) => at === 0 || number - (numbers[at - 1] ?? 0) === step)
  )
}

/** Nothing below tells; a name of a column that is empty all the way down may be so as well. */
function areNames(names: string[], data: readonly Values[]): boolean {
  const used = names.filter(
    (name, at) => name !== '' || data.some((record) => (record[at] ?? '').trim() !== ''),
  )
  if (used.some((name) => name !== '' && kindOf(name) !== 'text')) return false
  const distinct = new Set(used.map((name) => name.toLowerCase())).size === used.length
  const missing = used.filter((name) => name === '').length
  return distinct && (missing === 0 || (used[0] === '' && used.length > 1))
}
