/**
 * How one file of several is read. Its own bytes decide; what they leave open is taken from the
 * first table of the ingest.
 */
import { extname } from 'node:path'
import { findColumns } from '../../domain/names.ts'
import type { Note } from '../../errors/notes.ts'
import { documentOf } from '../document.ts'
import { encodingNotes } from '../encodingNotes.ts'
import { hasExtension } from '../fileName.ts'
import type { HeadFile } from '../format.ts'
import { alikeHead } from './alike.ts'
import type { Dialect, FirstCsv } from './dialect.ts'
import { type Head, readHead, readHeadBy } from './head.ts'
import { withoutBom } from './marks.ts'
import type { CsvOptions } from './options.ts'
import { bodyOf, recordsOf, shapeOf, valuesOf } from './records.ts'
import { sniffNewline } from './sniff/bytes.ts'

/** The ends of names that claim the file is a table. */
export const extensions = ['csv', 'tsv', 'tab', 'psv', 'ssv', 'dat']

/** What newline, quote and delimiter are read as in a file without bytes. */
export const emptyDialect: Dialect = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  newline: '\n',
  header: true,
  nullText: '',
}

/** What the first bytes of a file say, or why it is no data. */
type Found = { head: Head } | { leftOut: string }

/**
 * @param first null while no table is known: then the file's own bytes decide alone
 * @throws what readHead throws
 */
export function readingOf(
  file: HeadFile,
  { format, first }: { format: CsvOptions; first: FirstCsv | null },
): Found {
  const { bytes, isNamed } = file
  const what = isNamed ? null : documentOf(bytes, format)
  if (what !== null) return { leftOut: what }
  if (bytes.length === 0 && first) return { head: readBy(file, first.dialect) }
  const alike = first && alikeHead(bytes, first)
  if (alike) return { head: { ...alike, notes: encodingNotes(file) } }
  const head = ownHeadOf(file, format)
  if (!first) return { head }
  if (!isNamed && isProse(file, head, first)) return { leftOut: 'text that is no table' }
  const dialect = inContext(bytes, head, { format, first })
  const notes = head.notes.filter((note) => !isAnswered(note, head.dialect, dialect))
  return {
    head:
      dialect.header === head.dialect.header
        ? { ...head, dialect, notes }
        : { ...readBy(file, dialect), notes: notes.filter(isOfText) },
  }
}

/** What is told of a file whether it has a header or not. */
const ofText = [
  'encoding_guessed',
  'encoding_doubtful',
  'lines_skipped',
  'delimiter_guessed',
  'no_delimiter',
  'terms_unsure',
  'terms_guessed',
]
const isOfText = ({ code }: Note): boolean => ofText.includes(code)

/** What a file does not tell by itself may be known of the first table. */
function isAnswered({ code, subject }: Note, own: Dialect, { decimal, thousands, dates }: Dialect) {
  if (code !== 'terms_unsure') return false
  return subject.endsWith('`--dates`')
    ? dates !== own.dates
    : decimal !== own.decimal || thousands !== own.thousands
}

const sized = ({ name, bytes, whole }: HeadFile) => ({
  name,
  sizeBytes: bytes.length + (whole ? 0 : 1),
})

/** As the file's own bytes say. */
export function ownHeadOf(file: HeadFile, format: CsvOptions): Head {
  const head = readHead(file.bytes, sized(file), format)
  return { ...head, notes: [...encodingNotes(file), ...head.notes] }
}

/** As is known; the line end is always the file's own. */
export const readBy = (file: HeadFile, dialect: Dialect): Head =>
  readHeadBy(file.bytes, sized(file), { ...dialect, newline: sniffNewline(file.bytes) })

/** Is a file surely a table? One of a single column may be prose. */
export const isTable = (file: HeadFile, head: Pick<Head, 'dialect' | 'width'>): boolean =>
  hasExtension(file, extensions) || (head.width > 1 && isRegular(file.bytes, head))

/** Text without fields, or with commas here and there, among files that are tables. */
function isProse(file: HeadFile, head: Head, { name, header, width }: FirstCsv): boolean {
  if (hasExtension(file, extensions) || extname(file.name) === extname(name)) return false
  if (width < 2 || head.dialect.names) return false
  if (head.header && header && findColumns(head.header, header).some(Boolean)) return false
  return head.width < 2 || !isRegular(file.bytes, head) || isWordy(file.bytes, head)
}

const regularMin = 0.8
const recordsMax = 200

const proseRecords = 20

/** Half of the fields are parts of sentences: at least three words. */
function isWordy(bytes: Buffer, { dialect }: Head): boolean {
  const body = bodyOf(withoutBom(bytes), dialect)
  let fields = 0
  let wordy = 0
  let records = 0
  for (const { start, end } of recordsOf(body, dialect)) {
    if (records++ >= proseRecords) break
    for (const value of valuesOf(body.subarray(start, end), dialect)) {
      fields++
      if (/\S\s+\S+\s+\S/.test((value ?? '').slice(0, 200))) wordy++
    }
  }
  return wordy * 2 >= fields
}

/** Do nearly all of the records have the width of the first one? */
function isRegular(bytes: Buffer, { dialect, width }: Pick<Head, 'dialect' | 'width'>): boolean {
  const body = bodyOf(withoutBom(bytes), dialect)
  let records = 0
  let regular = 0
  for (const { start, end, blank } of recordsOf(body, dialect)) {
    if (records >= recordsMax) break
    if (blank) continue
    records++
    if (shapeOf(body.subarray(start, end), dialect).fields === width) regular++
  }
  return regular >= records * regularMin
}

/** The dialect that a file shows by itself, completed by what is known of the others. */
function inContext(
  bytes: Buffer,
  { dialect, header, width, takesNumbers, takesDates }: Head,
  { format, first }: { format: CsvOptions; first: FirstCsv },
): Dialect {
  const { decimal, thousands, dates } = first.dialect
  const completed: Dialect = {
    ...dialect,
    ...(takesNumbers && decimal && { decimal }),
    ...(takesNumbers && thousands && { thousands }),
    ...(takesDates && dates && { dates }),
  }
  if (format.header !== undefined || dialect.names || !first.header) return completed
  if (dialect.header) {
    // Its names may be the values of a first record that is all text.
    const isData = format.unknownFiles === 'position' && width === first.width
    const isNew = !findColumns(header ?? [], first.header).some(Boolean)
    return isData && isNew ? { ...completed, header: false } : completed
  }
  // Names like 2024 look like values, but not where the other files have them in their header.
  const values = firstValues(bytes, dialect)
  const known = findColumns(values, first.header).filter(Boolean).length
  return { ...completed, header: width > 0 && known * 2 > values.length }
}

function firstValues(bytes: Buffer, dialect: Dialect): (string | null)[] {
  const body = bodyOf(withoutBom(bytes), dialect)
  for (const { start, end, blank } of recordsOf(body, dialect)) {
    if (!blank) return valuesOf(body.subarray(start, end), dialect)
  }
  return []
}
