/** The names in a header, and how they are fitted to the width that most records have. */

import { type Note, noteOf } from '../../../errors/notes.ts'
import type { Dialect } from '../dialect.ts'
import { fieldsOf, shapeOf } from '../records.ts'
import { kindOf, kindOfColumn } from './kinds.ts'
import { looseFields } from './loose.ts'
import { type HeadRecord, widthOfMost } from './records.ts'

export interface Names {
  header: string[]
  width: number
  notes: Note[]
}

export function namesIn(record: Buffer, dialect: Dialect): string[] {
  const { wellQuoted } = shapeOf(record, dialect)
  const fields = wellQuoted ? fieldsOf(record, dialect) : looseFields(record, dialect)
  return fields.map(({ value, quoted }) => (!quoted && value === dialect.nullText ? '' : value))
}

const delimiters = [',', ';', '\t', '|', ' ']

/** A header of one name, which something else than the delimiter splits into a name for each field. */
export function otherwiseNamed(
  records: readonly Buffer[],
  found: readonly string[][],
  data: readonly HeadRecord[],
  dialect: Dialect,
): { names: string[]; delimiter: string } | null {
  const [record] = records
  if (!record || records.length > 1 || found[0]?.length !== 1) return null
  const { width } = widthOfMost(data.map(({ values }) => values.length))
  if (width < 2) return null
  for (const delimiter of delimiters) {
    if (delimiter === dialect.delimiter || delimiter === dialect.quote) continue
    const names = namesIn(record, { ...dialect, delimiter })
    const isFull = names.length === width && names.every((name) => name.trim() !== '')
    if (isFull) return { names, delimiter }
  }
  return null
}

/** A name is made of the different words above its column, also those of cells that were merged. */
export function joinNames(rows: string[][]): string[] {
  if (rows.length === 1) return rows[0] ?? []
  const width = Math.max(...rows.map((row) => row.length))
  const cells = rows.map((row) => Array.from({ length: width }, (_, at) => (row[at] ?? '').trim()))
  const spread = cells.map((row, no) => spreadOver(row, cells.slice(0, no), cells.slice(no + 1)))
  return Array.from({ length: width }, (_, field) => {
    const words = spread.map((row) => row[field] as string).filter((word) => word !== '')
    const lower = words.map((word) => word.toLowerCase())
    return words.filter((_word, at) => lower.indexOf(lower[at] as string) === at).join(' ')
  })
}

/**
 * A cell that was merged stands in the first of its columns. It is above those beside it that are
 * empty, as long as no row above begins another name there and a row below has a name.
 */
function spreadOver(row: string[], above: string[][], below: string[][]): string[] {
  let last = ''
  return row.map((text, at) => {
    const begins = text !== '' || above.some((other) => other[at] !== '')
    if (begins) last = text
    return text === '' && below.some((other) => other[at] !== '') ? last : text
  })
}

/**
 * A name without a field stays, for it may be that all records lack their last value; a field
 * without a name gets an empty one. What is cut off are delimiters that name nothing.
 */
export function fitNames(
  names: string[],
  data: readonly HeadRecord[],
  { file, ragged }: { file: string; ragged: Dialect['ragged'] },
): Names {
  const width = widthOfMost([
    ...data.map(({ values }) => values.length),
    ...(data.some(({ values }) => values.length === names.length) ? [names.length] : []),
  ]).width
  const same = { header: names, width: names.length, notes: [] }
  if (width === names.length || data.length === 0) return same
  if (width > names.length) {
    if (ragged === 'trim' || ragged === 'fit') return same
    return completed(names, data, { file, width })
  }
  const filled = names.filter((name) => name.trim() !== '')
  const cut = names.slice(width).every((name) => name.trim() === '')
  if (!cut && filled.length !== width) {
    const note = noteOf('header_wider', { file, names: names.length, fields: width })
    return { ...same, notes: ragged === 'pad' || ragged === 'fit' ? [] : [note] }
  }
  const header = cut ? names.slice(0, width) : filled
  const note = noteOf('header_cut', { file, count: names.length - width })
  return { header, width, notes: [note] }
}

function completed(
  names: string[],
  data: readonly HeadRecord[],
  { file, width }: { file: string; width: number },
): Names {
  const alike = data.filter(({ values }) => values.length === width)
  if (names.length + 1 === width && haveRowNames(alike)) {
    return { header: ['', ...names], width, notes: [noteOf('row_names', { file })] }
  }
  const missing = Array.from({ length: width - names.length }, (_, at) => names.length + at + 1)
  const shown = missing.slice(0, 10).map((at) => `column_${at}`)
  const list = shown.join(', ') + (missing.length > shown.length ? ', …' : '')
  const note = noteOf('header_completed', { file, names: names.length, fields: width, list })
  return { header: [...names, ...missing.map(() => '')], width, notes: [note] }
}

/**
 * R writes a name for each row, and none for these names. They are all different, and stand in
 * quotes where other fields do not, or are the only texts among values.
 */
function haveRowNames(data: readonly HeadRecord[]): boolean {
  const firsts = data.map(({ values }) => values[0] ?? '')
  if (firsts.includes('') || new Set(firsts).size < firsts.length) return false
  const isCount = firsts.every((first, at) => first === String(at + 1))
  const quoted = data.every(({ fields }) => fields[0]?.quoted)
  const allQuoted = data.every(({ fields }) => fields.every((field) => field.quoted))
  if (quoted && (isCount || !allQuoted)) return true
  const width = data[0]?.values.length ?? 0
  const kinds = Array.from({ length: width - 1 }, (_, at) =>
    kindOfColumn(data.map(({ values }) => values[at + 1] ?? null)),
  )
  const areTexts = firsts.every((first) => kindOf(first) === 'text')
  return areTexts && kinds.every((kind) => kind !== 'text' && kind !== 'empty')
}
