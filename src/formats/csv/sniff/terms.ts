/**
 * How numbers and dates are written. A value must prove it: 1,234 may be either number, and
 * 01/02/2024 either day; where no value of the head tells, they stay texts, and a note says so.
 * What was found changes how values are read, so a note says that as well: see termNotes.ts.
 */

import { dateParts, dateType, plainNumber, type Terms } from '../../../domain/values.ts'
import type { Note } from '../../../errors/notes.ts'
import { isNullWord } from '../../nullWords.ts'
import { isPlainNumber } from '../../plainKinds.ts'
import type { Dialect } from '../dialect.ts'
import type { CsvOptions } from '../options.ts'
import { datesNote, numbersNote, type Place, unsureNote, whereIn } from './termNotes.ts'

export interface Sniffed {
  dialect: Dialect
  /** What could not be told for sure. */
  notes: Note[]
  /**
   * The values neither show how numbers, or dates, are written nor contradict each other: they may
   * be written as in another file.
   */
  takesNumbers: boolean
  takesDates: boolean
}

/** Enough to see how a column is written. */
const valuesMax = 2000

export function sniffTerms(
  records: readonly (string | null)[][],
  { dialect, format, ...place }: Place & { dialect: Dialect; format: CsvOptions },
): Sniffed {
  const columns = columnsOf(records)
  const numbers =
    format.decimal === undefined && format.thousands === undefined
      ? sniffNumbers(columns, place)
      : settled
  const dates = format.dates === undefined ? sniffDates(columns, place) : settled
  return {
    dialect: { ...dialect, ...numbers.terms, ...dates.terms },
    notes: [...numbers.notes, ...dates.notes],
    takesNumbers: numbers.isOpen,
    takesDates: dates.isOpen,
  }
}

/** The values of each field, also where it has none; words for NULL say nothing of it. */
function columnsOf(records: readonly (string | null)[][]): string[][] {
  const columns: Set<string>[] = []
  for (const record of records) {
    for (const [field, value] of record.entries()) {
      columns[field] ??= new Set()
      const text = (value ?? '').trim()
      if (!isNullWord(text) && columns[field].size < valuesMax) columns[field].add(text)
    }
  }
  return Array.from(columns, (values) => [...(values ?? [])])
}

interface Found {
  terms: Partial<Terms>
  notes: Note[]
  /** No value says anything. */
  isOpen: boolean
}

/** It is given, or proven. */
const settled: Found = { terms: {}, notes: [], isOpen: false }

/** Proofs: what can be meant in one way only. */
const commaIsDecimal =
  /^[-+]?(\d+,(\d{1,2}|\d{4,})|\d{1,3}([.\u00a0\u202f '\u2019_]\d{3})+,\d+|0,\d+)$/
const pointIsDecimal =
  /^[-+]?(\d+\.(\d{1,2}|\d{4,})|\d{1,3}([,\u00a0\u202f '\u2019_]\d{3})+\.\d+|0\.\d+)$/
const commaIsThousands = /^[-+]?\d{1,3}(,\d{3}){2,}$/
const apostrophes = /^[-+]?\d{1,3}(['\u2019]\d{3})+$/
const either = /^[-+]?\d{1,3},\d{3}$/

const thousandsOf = ["'", '.', ' ', ','] as const

function sniffNumbers(columns: string[][], place: Place): Found {
  const commaTerms = (thousands?: Terms['thousands']): Terms => ({
    decimal: ',',
    ...(thousands && { thousands }),
  })
  const odd = columns.filter((values) => !isPlainNumbers(values))
  const comma = odd.filter(
    (values) =>
      // 1,50 among many like 1,000 is rather a wrong value than a proof that 1,000 means one.
      !mayHaveThousands(values) &&
      [undefined, ...thousandsOf.slice(0, 3)].some((each) =>
        areNumbers(values, commaTerms(each)),
      ) &&
      values.some((value) => commaIsDecimal.test(value)),
  )
  const point = odd.filter(
    (values) =>
      thousandsOf.some((each) => each !== '.' && areNumbers(values, { thousands: each })) &&
      values.some(
        (value) =>
          pointIsDecimal.test(value) || commaIsThousands.test(value) || apostrophes.test(value),
      ),
  )
  const withPoint = columns.find(
    (values) => areNumbers(values, {}) && values.some((value) => pointIsDecimal.test(value)),
  )
  const unsure = odd.find(mayHaveThousands)
  const other = point[0] ?? withPoint
  if (comma[0] && other) {
    const problem = 'Numbers have a comma in some columns and a point in others'
    const where = whereIn(place, columns, [comma[0], other])
    return { ...note({ problem, flag: '`--decimal`', where }, place), isOpen: false }
  }
  if (comma.length > 0) {
    const thousands = thousandsOf
      .slice(0, 3)
      .find((each) => comma.some((values) => needs(values, commaTerms(), commaTerms(each))))
    return foundNumbers(commaTerms(thousands), columns, place)
  }
  const thousands = thousandsOf.find(
    (each) => each !== '.' && point.some((values) => needs(values, {}, { thousands: each })),
  )
  if (thousands) return foundNumbers({ thousands }, columns, place)
  const isOpen = !withPoint
  if (!unsure) return { ...settled, isOpen }
  const value = unsure.find((each) => either.test(each))
  const problem = `${value} may be a number with thousands or with decimals`
  const flag = '`--decimal` or `--thousands`'
  return { ...note({ problem, flag, where: whereIn(place, columns, [unsure]) }, place), isOpen }
}

/** Values that are written so, and are no plain numbers: of each column that has some. */
function foundNumbers(terms: Terms, columns: string[][], place: Place): Found {
  const isChanged = (value: string) =>
    !isPlainNumber(value) &&
    plainNumber(value, terms) !== null &&
    /[,.' _\u00a0\u202f\u2019]/.test(value)
  const changed = columns.filter((values) => areNumbers(values, terms) && values.some(isChanged))
  const values = changed.flatMap((each) => each.filter(isChanged))
  // One with all marks shows most.
  const value = values.find((each) => /\d[^\d]\d+[^\d]\d/.test(each)) ?? values[0]
  if (value === undefined) return { ...settled, terms }
  const told = { value, where: whereIn(place, columns, changed) }
  return { ...settled, terms, notes: [numbersNote(terms, told, place)] }
}

function note(told: Parameters<typeof unsureNote>[0], place: Place): Found {
  return { terms: {}, notes: [unsureNote(told, place)], isOpen: true }
}

const isPlainNumbers = (values: string[]): boolean => values.every(isPlainNumber)

/** Rows may be dirty: one value in ten may be anything. */
function areMost(values: string[], is: (value: string) => boolean): boolean {
  let others = 0
  return values.every((value) => is(value) || isFew(++others, values.length))
}

const isFew = (others: number, all: number): boolean => all > 0 && others * 10 <= all

const numbersIn = (values: string[], terms: Terms): number =>
  values.filter((value) => plainNumber(value, terms) !== null).length

const areNumbers = (values: string[], terms: Terms): boolean =>
  areMost(values, (value) => plainNumber(value, terms) !== null)

/** All like 1,000, or like 17. */
const mayHaveThousands = (values: string[]): boolean =>
  areNumbers(values, { thousands: ',' }) && values.some((value) => either.test(value))

/** More of them are numbers with the second terms. */
const needs = (values: string[], without: Terms, terms: Terms): boolean =>
  areNumbers(values, terms) && numbersIn(values, terms) > numbersIn(values, without)

function sniffDates(columns: string[][], place: Place): Found {
  /** The first column of each order. */
  const orders = new Map<NonNullable<Terms['dates']>, string[]>()
  let unsure: string[] | null = null
  let mixed: string[] | null = null
  for (const values of columns) {
    const order = dateOrder(values)
    if (order === 'either') unsure ??= values
    else if (order === 'mixed') mixed ??= values
    else if (order && !orders.has(order)) orders.set(order, values)
  }
  const flag = '`--dates`'
  const [order] = orders.keys()
  if (orders.size > 1 || (mixed && !order)) {
    const problem = 'Days and months stand in different orders'
    const where = whereIn(place, columns, [...orders.values(), ...(mixed ? [mixed] : [])])
    return { ...note({ problem, flag, where }, place), isOpen: false }
  }
  if (order) return foundDates(order, columns, place)
  if (!unsure) return { ...settled, isOpen: true }
  const value = unsure.find((each) => dateParts(each) !== null)
  const problem = `${value} may have its day or its month first, and no date tells which`
  return note({ problem, flag, where: whereIn(place, columns, [unsure]) }, place)
}

function foundDates(dates: NonNullable<Terms['dates']>, columns: string[][], place: Place): Found {
  const found = { ...settled, terms: { dates } }
  // With the year in front there is but one order.
  if (dates === 'YMD') return found
  const isSo = (value: string) => dateType(value, { dates }) !== null
  const changed = columns.filter((values) => dateOrder(values) !== null && values.some(isSo))
  const values = changed.flatMap((each) => each.filter(isSo))
  const [value] = values
  if (value === undefined) return found
  const told = { value, where: whereIn(place, columns, changed) }
  return { ...found, notes: [datesNote(dates, told, place)] }
}

type DateOrder = NonNullable<Terms['dates']> | 'either' | 'mixed'
type Date = NonNullable<ReturnType<typeof dateParts>>

const isYearFirst = ({ parts }: Date): boolean => parts[0]?.length === 4 && parts[2]?.length !== 4
const isYearLast = ({ parts }: Date): boolean =>
  parts[2]?.length === 4 && (parts[0]?.length ?? 9) <= 2
/** Read in every order. */
const isIso = (date: Date): boolean => isYearFirst(date) && date.mark === '-'

/** The order in a column of dates alone; null when it is none, or of ISO dates. */
function dateOrder(values: string[]): DateOrder | null {
  if (!areMost(values, (value) => dateParts(value) !== null)) return null
  const dates = values.map(dateParts).filter((date) => date !== null)
  const yearLast = dates.filter(isYearLast)
  if (yearLast.length > 0) {
    const others = dates.filter((date) => !isYearLast(date) && !isIso(date)).length
    return isFew(others, dates.length) ? orderOf(yearLast) : null
  }
  return dates.every(isYearFirst) && !dates.every(isIso) ? 'YMD' : null
}

/** Whether days or months come first, with the year at the end. A few may be wrong. */
function orderOf(dates: Date[]): DateOrder | null {
  const isMonth = (part: string | undefined) => Number(part) >= 1 && Number(part) <= 12
  const isDay = (part: string | undefined) => Number(part) > 12 && Number(part) <= 31
  const count = (is: (parts: readonly string[]) => boolean) =>
    dates.filter(({ parts }) => is(parts)).length
  const dayFirst = count(([first, second]) => isDay(first) && isMonth(second))
  const monthFirst = count(([first, second]) => isMonth(first) && isDay(second))
  const unsure = count(([first, second]) => isMonth(first) && isMonth(second))
  if (!isFew(dates.length - dayFirst - monthFirst - unsure, dates.length)) return null
  if (isFew(monthFirst, dayFirst)) return 'DMY'
  if (isFew(dayFirst, monthFirst)) return 'MDY'
  if (dayFirst > 0) return 'mixed'
  return dates.every(({ mark }) => mark === '.') ? 'DMY' : 'either'
}
