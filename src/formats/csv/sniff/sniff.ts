/**
 * Works out how a CSV file is to be read, from its first bytes and from what the spec gives. What
 * the spec gives is not looked at twice.
 */

import { delimiterFlag, unquoteLines } from '../../../domain/shellWords.ts'
import { type Note, noteOf } from '../../../errors/notes.ts'
import { checkOptions } from '../checkOptions.ts'
import type { Dialect } from '../dialect.ts'
import type { CsvOptions } from '../options.ts'
import { bodyOf } from '../records.ts'
import { refuseBinary, sniffNewline } from './bytes.ts'
import { commentsIn, kindOfComment } from './comments.ts'
import { areSplit, candidatesIn, isUsual, shownDelimiter } from './delimiter.ts'
import type { Fit } from './fit.ts'
import { headerRowsIn, isHeader, type Values } from './header.ts'
import { mergedRowsIn } from './merged.ts'
import { sniffFields } from './quoting.ts'
import { type HeadRecord, headRecords, widthOfMost } from './records.ts'
import { separatorLine } from './separator.ts'
import { type Sniffed, sniffTerms } from './terms.ts'
import { titlesIn } from './titles.ts'

/**
 * @param head the first bytes of the file without its byte order mark
 * @param whole whether `head` is the whole file; if not, its last record may be cut short
 * @throws not_csv, dialect_invalid
 */
export function sniff(head: Buffer, format: CsvOptions, file: string, whole: boolean): Sniffed {
  refuseBinary(head, file, format)
  checkOptions(format)
  const given = givenIn(format, sniffNewline(head))
  const named = format.skipRows === undefined ? separatorLine(head, given) : null
  const known: Dialect = {
    ...given,
    ...(named && { skipRows: 1, delimiter: format.delimiter ?? named }),
  }
  const fit = behindComments(head, known, { format, whole })
  const { rows, ...found } = belowTitles(head, fit, { format, whole })
  const names = rows.dialect.names ?? (rows.dialect.header ? (rows.records[0] ?? []) : [])
  const sniffed = sniffTerms(rows.data, { dialect: rows.dialect, format, file, names })
  checkMarks(sniffed.dialect)
  const notes = known.delimiter === '' ? delimiterNotes(rows.records, found.fit, file) : []
  return { ...sniffed, notes: [...notes, ...sniffed.notes] }
}

/** Comments may stand below titles. */
function belowTitles(
  head: Buffer,
  fit: Fit & { hasHeader: boolean },
  { format, whole }: { format: CsvOptions; whole: boolean },
): { rows: Rows; fit: Fit } {
  const { hasHeader } = fit
  const rows = sniffRows(head, fit, { format, whole, hasHeader })
  if (hasHeader || rows.dialect.skipRows === fit.dialect.skipRows) return { rows, fit }
  const { skipRows = 0 } = rows.dialect
  const behind = behindComments(head, { ...fit.dialect, skipRows }, { format, whole })
  const isFurther = behind.hasHeader || behind.dialect.skipRows !== skipRows
  if (!isFurther) return { rows, fit }
  return { rows: sniffRows(head, behind, { ...behind, format, whole }), fit: behind }
}

/** How the fields are split. Comments in front of the records would speak for something else. */
function behindComments(
  head: Buffer,
  known: Dialect,
  { format, whole }: { format: CsvOptions; whole: boolean },
): Fit & { hasHeader: boolean } {
  const body = bodyOf(head, known)
  const isOpen = format.skipRows === undefined && format.header !== false && format.header !== 0
  const comments = isOpen ? commentsIn(body, known) : null
  if (comments) {
    const { skipRows = 0 } = known
    const behind = { ...known, skipRows: skipRows + comments.lines }
    const below = bodyOf(head, behind)
    const fit = sniffFields(below, behind, format, whole)
    const records = headRecords(below, fit.dialect, { whole }).map(({ values }) => values)
    const kind = kindOfComment(comments, records, fit)
    const { lastAt } = comments
    const before = skipRows + lastAt
    const { skipRows: _, ...plain } = fit.dialect
    const dialect = { ...plain, ...(before > 0 && { skipRows: before }) }
    if (kind === 'remark') return { ...fit, hasHeader: false }
    if (kind === 'header') return { ...fit, dialect, hasHeader: true }
  }
  return { ...sniffFields(body, known, format, whole), hasHeader: false }
}

/** Some delimiters are a part of texts as well, and a text may have one that is not known. */
function delimiterNotes(records: Values[], fit: Fit, file: string): Note[] {
  const { dialect, width } = fit
  const { delimiter } = dialect
  if (width < 2 && fit.records > 0 && fit.quotedRecords === fit.records && areSplit(records)) {
    return [noteOf('lines_quoted', { file, command: unquoteLines })]
  }
  if (width < 2) {
    const flags = candidatesIn(records).map(delimiterFlag).join(' or ')
    return flags === '' ? [] : [noteOf('no_delimiter', { file, flags })]
  }
  const shown = shownDelimiter(delimiter)
  return isUsual(delimiter) ? [] : [noteOf('delimiter_guessed', { file, shown })]
}

/** What the spec says, and what holds where it says nothing and nothing is sniffed. */
function givenIn(format: CsvOptions, newline: Dialect['newline']): Dialect {
  const { quote = '"', escape = quote, header, comment, columns, ragged } = format
  const { decimal, thousands, dates, skipRows, skipFooter } = format
  const nulls = [...new Set([format.null ?? ''].flat())]
  const nullText = nulls.includes('') ? '' : (nulls[0] ?? '')
  const nullWords = nulls.filter((text) => text !== nullText)
  return {
    // Empty until it is sniffed.
    delimiter: format.delimiter ?? '',
    quote,
    escape,
    newline,
    header: Boolean(header ?? true),
    nullText,
    ...(nullWords.length > 0 && { nullWords }),
    ...(skipRows && { skipRows }),
    ...(skipFooter && { skipFooter }),
    ...(typeof header === 'number' && header > 1 && { headerRows: header }),
    ...(comment && { comment }),
    ...(columns && { names: columns }),
    ...(ragged && ragged !== 'reject' && { ragged }),
    // Filled with those of the file: see head.ts.
    ...(format.repeatedHeaders === 'reject' && { repeatedHeaders: [] }),
    ...((decimal === ',' || (thousands === '.' && !decimal)) && { decimal: ',' as const }),
    ...(thousands && { thousands }),
    ...(dates && { dates }),
    ...(format.true && { trueWords: format.true }),
    ...(format.false && { falseWords: format.false }),
  }
}

/** What was sniffed may be what was given for something else. @throws dialect_invalid */
function checkMarks({ delimiter, quote, escape, comment, nullText, nullWords }: Dialect): void {
  checkOptions({
    delimiter,
    quote,
    ...(quote !== '' && { escape }),
    ...(comment && { comment }),
    null: [nullText, ...(nullWords ?? [])],
  })
}

interface Rows {
  dialect: Dialect
  /** The records behind the titles, their values field by field; and those that are data. */
  records: Values[]
  data: Values[]
}

/** Which of the first records are titles, which is the header, and which are data. */
function sniffRows(
  head: Buffer,
  { dialect: found, width }: Fit,
  { format, whole, hasHeader }: { format: CsvOptions; whole: boolean; hasHeader: boolean },
): Rows {
  const top = bodyOf(head, found)
  const before = headRecords(top, found, { whole })
  const titlesAt = (fields: number) => {
    const used = usedIn(before.filter(({ values }) => values.length === fields))
    return titlesIn(top, found, { format, width: fields, used, whole })
  }
  const isOpen = format.skipRows === undefined && !hasHeader
  const late = lateWidth(before.map(({ values }) => values.length))
  const titles = isOpen ? titlesAt(width) || (late > width ? titlesAt(late) : 0) : 0
  const dialect = titles > 0 ? { ...found, skipRows: (found.skipRows ?? 0) + titles } : found
  const all = titles > 0 ? headRecords(bodyOf(head, dialect), dialect, { whole }) : before
  const records = all.map(({ values }) => values)
  const sound = all.filter(({ broken }) => !broken).map(({ values }) => values)
  if (format.header !== undefined) {
    const rows = dialect.header ? (dialect.headerRows ?? 1) : 0
    return { dialect, records, data: rows > 0 ? records.slice(rows) : sound }
  }
  const [first = [], ...data] = records
  const most = widthOfMost(data.map(({ length }) => length)).width
  const alike = data.filter(({ length }) => length === most)
  const merged = hasHeader ? 1 : mergedRowsIn(records)
  const header = records.length === 0 || hasHeader || merged > 1 || isHeader(first, alike)
  if (!header) return { dialect: { ...dialect, header }, records, data: sound }
  const headerRows = merged > 1 ? merged : headerRowsIn(records)
  const named = { ...dialect, header, ...(headerRows > 1 && { headerRows }) }
  return { dialect: named, records, data: records.slice(headerRows) }
}

/** That of the last records, where all that lie between are as wide; titles may be more. */
function lateWidth(widths: number[]): number {
  const last = widths.at(-1) ?? 0
  const behind = widths.slice(widths.indexOf(last))
  const alike = behind.filter((width) => width === last).length
  return alike > 1 && alike * 10 >= behind.length * 9 ? last : 0
}

/** How many fields hold something in any record. */
function usedIn(records: HeadRecord[]): number {
  const width = records[0]?.values.length ?? 0
  return Array.from({ length: width }, (_, at) => at).filter((at) =>
    records.some(({ values }) => (values[at] ?? '').trim() !== ''),
  ).length
}
