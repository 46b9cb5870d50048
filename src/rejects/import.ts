/** Corrected rejects: the CSV of `sluice rejects ID --csv` on its way back, record by record. */
import { sluiceError } from '../errors.ts'

export interface Correction {
  /** The line of this CSV on which its record starts. */
  at: number
  file: string
  line: number
  raw: string
}

/** The longest record of a file twice over, and room for the error text. */
const recordCharsMax = 40 * 1024 * 1024
const delimiters = [',', ';', '\t'] as const
const needed = ['file', 'line', 'raw'] as const

/**
 * Columns are found by the header, whatever their order; others than file, line and raw say nothing.
 * A spreadsheet may have written `;` or a tab between the cells, and a byte order mark.
 * @throws corrections_invalid
 */
export async function* readCorrections(
  bytes: AsyncIterable<Buffer>,
  name: string,
): AsyncGenerator<Correction> {
  const refuse = (problem: string) => sluiceError('corrections_invalid', { name, problem })
  let at: Record<(typeof needed)[number], number> | null = null
  for await (const record of cellsOf(bytes, refuse)) {
    if (record.cells.length === 1 && record.cells[0] === '') continue
    if (at === null) at = columnsOf(record.cells, refuse)
    else yield correctionOf(record, at, refuse)
  }
  if (at === null) throw refuse('it is empty')
}

type Refuse = (problem: string) => Error

function columnsOf(header: string[], refuse: Refuse) {
  const names = header.map((name) => name.trim().toLowerCase())
  const lacking = needed.filter((name) => !names.includes(name))
  if (lacking.length > 0) throw refuse(`its header lacks ${lacking.join(', ')}`)
  return { file: names.indexOf('file'), line: names.indexOf('line'), raw: names.indexOf('raw') }
}

function correctionOf(
  { cells, line: at }: CsvRecord,
  columns: Record<(typeof needed)[number], number>,
  refuse: Refuse,
): Correction {
  const [file, line, raw] = needed.map((name) => cells[columns[name]])
  if (file === undefined || line === undefined || raw === undefined) {
    throw refuse(`line ${at} has too few fields`)
  }
  if (!/^ *\d{1,15} *$/.test(line)) throw refuse(`line ${at} has no line number: ${shown(line)}`)
  return { at, file, line: Number(line), raw }
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 40))

interface CsvRecord {
  /** Where it starts, counted from 1. */
  line: number
  cells: string[]
}

async function* cellsOf(bytes: AsyncIterable<Buffer>, refuse: Refuse): AsyncGenerator<CsvRecord> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const reader = new CellReader(refuse)
  try {
    for await (const piece of bytes) yield* reader.push(decoder.decode(piece, { stream: true }))
    yield* reader.push(decoder.decode())
  } catch (error) {
    if (error instanceof TypeError) throw refuse('it is not in UTF-8')
    throw error
  }
  yield* reader.finish()
}

/** RFC 4180, piece by piece. */
class CellReader {
  readonly #refuse: Refuse
  /** Known once the first line is. */
  #delimiter: string | null = null
  /** What no record was made of yet; it is put together when that is worth it. */
  #held: string[] = []
  #heldChars = 0
  /** A record that did not end is tried again once there is twice as much of it. */
  #triedAtChars = 0
  #line = 1

  constructor(refuse: Refuse) {
    this.#refuse = refuse
  }

  *push(text: string): Generator<CsvRecord> {
    this.#held.push(text)
    this.#heldChars += text.length
    if (this.#heldChars >= this.#triedAtChars) yield* this.#records(false)
    if (this.#heldChars > recordCharsMax) throw this.#refuse(`line ${this.#line} never ends`)
  }

  *finish(): Generator<CsvRecord> {
    yield* this.#records(true)
    if (this.#heldChars > 0) throw this.#refuse(`a quote on line ${this.#line} never closes`)
  }

  *#records(whole: boolean): Generator<CsvRecord> {
    const text = this.#held.join('')
    let from = 0
    const isBegun = whole || this.#delimiter !== null || /[\r\n]/.test(text)
    if (isBegun) this.#delimiter ??= delimiterOf(text)
    while (isBegun && from < text.length) {
      const found = recordAt(text, from, { delimiter: this.#delimiter ?? ',', whole })
      if (!found) break
      yield { line: this.#line, cells: found.cells }
      for (let at = from; at < found.end; at++) if (text.charCodeAt(at) === 10) this.#line++
      from = found.end
    }
    this.#held = [text.slice(from)]
    this.#heldChars = text.length - from
    this.#triedAtChars = 2 * this.#heldChars
  }
}

/** The delimiter that splits the first line into the most names. */
function delimiterOf(text: string): string {
  const first = /^[^\r\n]*/.exec(text)?.[0] ?? ''
  const counts = delimiters.map((each) => first.split(each).length)
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ','
}

/** @returns null when the text ends within the record, and more may come */
function recordAt(
  text: string,
  from: number,
  { delimiter, whole }: { delimiter: string; whole: boolean },
): { cells: string[]; end: number } | null {
  const cells: string[] = []
  let at = from
  while (true) {
    const cell = cellAt(text, at, delimiter)
    if (!cell) return null
    // What comes next decides: a line end in two pieces, or a quote that is doubled.
    if (cell.end + 1 >= text.length && !whole) return null
    cells.push(cell.value)
    const next = text[cell.end]
    at = cell.end + 1
    if (next === delimiter) continue
    if (next === '\r' && text[at] === '\n') at++
    return { cells, end: Math.min(at, text.length) }
  }
}

/** @returns null when its quote does not close */
function cellAt(
  text: string,
  from: number,
  delimiter: string,
): { value: string; end: number } | null {
  if (text[from] !== '"') {
    let end = from
    while (end < text.length && text[end] !== delimiter && !/[\r\n]/.test(text[end] ?? '')) end++
    return { value: text.slice(from, end), end }
  }
  let close = text.indexOf('"', from + 1)
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2)
  if (close < 0) return null
  const value = text.slice(from + 1, close).replaceAll('""', '"')
  // What follows the quote belongs to no RFC, but to the cell.
  const rest = cellAt(text, close + 1, delimiter)
  if (text[close + 1] === '"' || !rest) return null
  return { value: value + rest.value, end: rest.end }
}
