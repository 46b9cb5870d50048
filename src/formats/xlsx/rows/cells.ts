/**
 * A row of a sheet as it is staged: a line that is a JSON array of its cells. The type of a cell
 * is in how it is written, so nothing is guessed from its text.
 */

/** Cells that JSON has no type for, as objects with one key. */
type Tag = 'date' | 'timestamp' | 'time' | 'error'

export type CellKind = 'null' | 'text' | 'number' | 'boolean' | Tag

export interface Cell {
  kind: CellKind
  /** What a column of text gets. */
  text: string
}

const empty: Cell = { kind: 'null', text: '' }
const words: Record<string, Cell> = {
  n: empty,
  t: { kind: 'boolean', text: 'true' },
  f: { kind: 'boolean', text: 'false' },
}

const blank = /[ \t\r\n]*/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y
const word = /null|true|false/y
const tag = /\{[ \t]*"(date|timestamp|time|error)"[ \t]*:[ \t]*(?=")/y

/** @returns the cells, or why the line is no record */
export function cellsOf(line: string): Cell[] | { problem: string } {
  const cells: Cell[] = []
  let at = behind(blank, line, 0)
  if (line[at] !== '[') return { problem: 'it does not begin with [' }
  at = behind(blank, line, at + 1)
  if (line[at] === ']') at++
  else {
    for (;;) {
      const end = cellAt(line, at, cells)
      if (end < 0) return { problem: `cell ${cells.length + 1} is no value` }
      at = behind(blank, line, end)
      const mark = line[at++]
      if (mark === ']') break
      if (mark !== ',') return { problem: `no comma stands behind cell ${cells.length}` }
      at = behind(blank, line, at)
    }
  }
  return behind(blank, line, at) === line.length ? cells : { problem: 'text follows its ]' }
}

/** @returns where the cell ends; less than 0 where there is none */
function cellAt(line: string, at: number, cells: Cell[]): number {
  const first = line[at]
  if (first === '"') {
    const end = textEnd(line, at)
    const found = textOf(line.slice(at, end))
    if (found === null) return -1
    cells.push({ kind: 'text', text: found })
    return end
  }
  if (first === 'n' || first === 't' || first === 'f') {
    const end = behind(word, line, at)
    if (end > at) cells.push(words[first] as Cell)
    return end > at ? end : -1
  }
  if (first === '{') return taggedAt(line, at, cells)
  const end = behind(number, line, at)
  if (end === at) return -1
  cells.push({ kind: 'number', text: line.slice(at, end) })
  return end
}

function taggedAt(line: string, at: number, cells: Cell[]): number {
  tag.lastIndex = at
  const [, kind] = tag.exec(line) ?? []
  if (kind === undefined) return -1
  const start = tag.lastIndex
  const end = textEnd(line, start)
  const found = textOf(line.slice(start, end))
  const closing = behind(blank, line, end)
  if (found === null || line[closing] !== '}') return -1
  cells.push({ kind: kind as Tag, text: found })
  return closing + 1
}

/** Behind the closing quote of the text that begins there, or where the line ends. */
function textEnd(line: string, start: number): number {
  for (let end = line.indexOf('"', start + 1); end >= 0; end = line.indexOf('"', end + 1)) {
    let escapes = 0
    while (line[end - 1 - escapes] === '\\') escapes++
    if (escapes % 2 === 0) return end + 1
  }
  return line.length
}

/** @returns null for what is no text of JSON */
function textOf(json: string): string | null {
  if (!json.endsWith('"') || json.length < 2) return null
  if (!json.includes('\\')) return json.slice(1, -1)
  try {
    return JSON.parse(json) as string
  } catch {
    return null
  }
}

function behind(form: RegExp, line: string, at: number): number {
  form.lastIndex = at
  return form.test(line) ? form.lastIndex : at
}
