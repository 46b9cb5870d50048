/** Does a text begin as JSON, or as JSON line by line? CSV may begin with a brace or a bracket too. */

export type JsonKind = 'JSON' | 'NDJSON'

const textBytes = 1 << 16
const linesMax = 100
/** So many names with a colon behind them are no accident. */
const namesSure = 3

/** @returns null for what may be CSV */
export function jsonKindOf(bytes: Buffer): JsonKind | null {
  const text = bytes.toString('utf8', 0, textBytes).replace(/^\ufeff/, '')
  if (!/^\s*[[{]/.test(text)) return null
  if (isLineByLine(text)) return 'NDJSON'
  return isJson(text) ? 'JSON' : null
}

/** One value a line. A few lines may be broken: the others still say what the file is. */
function isLineByLine(text: string): boolean {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '')
  // The last one may be cut.
  const whole = lines.slice(0, -1).slice(0, linesMax)
  const few = whole.length > 1 ? whole : lines
  const values = few.filter(isContainer).length
  return few.length > 1 && values > 1 && values * 10 >= few.length * 9
}

function isContainer(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

/** Marks; strings; and words, some of which programs write although JSON has none of them. */
const token =
  /\s*(?:([{}[\],:])|("(?:[^"\\\n\r]|\\.)*")|(?:-?(?:\d[\d.eE+-]*|NaN|Infinity)|true|false|null|True|False|None)(?![\w"'/]))/y

/** The last token of a text that was cut: blanks, a string, a number or a word. */
const cutToken = /^\s*("(?:[^"\\\n\r]|\\.)*\\?|-?\w*)$/

/**
 * Has all of the text the form of JSON? It may end anywhere, for only the start of a file is
 * looked at. Several values may follow each other, each on lines of its own.
 */
function isJson(text: string): boolean {
  const form = new JsonForm()
  for (let from = 0; from < text.length; from = token.lastIndex) {
    token.lastIndex = from
    const found = token.exec(text)
    if (!found) return cutToken.test(text.slice(from)) ? form.hasSome : form.isSure
    const [all, mark, string] = found
    const what = mark ?? (string === undefined ? 'word' : 'string')
    if (!form.isBegun(all) || !form.take(what)) return form.isSure
  }
  return form.hasSome
}

/** What may come next. Within braces names, colons, values and commas take turns. */
type State = 'value' | 'name' | 'colon' | 'more'

class JsonForm {
  readonly #open: string[] = []
  #state: State = 'value'
  #names = 0
  #values = 0

  get hasSome(): boolean {
    return this.#names + this.#values > 0
  }

  /** Written by hand it may have a fault. */
  get isSure(): boolean {
    return this.#open.length > 0 && this.#names >= namesSure
  }

  /** A further value begins on a line of its own: behind the first one there is no comma. */
  isBegun(token: string): boolean {
    return this.#open.length > 0 || this.#values === 0 || /[\r\n]/.test(token)
  }

  /** @returns false for what cannot stand there */
  take(token: string): boolean {
    if (token === '}' || token === ']') return this.#end(token)
    const isFirst = this.#open.length === 0
    if (this.#state === 'value') {
      if (token === '{' || token === '[') return this.#begin(token)
      // At the top there are objects and lists only: anything else may be CSV.
      return !isFirst && (token === 'word' || token === 'string') && this.#go('more')
    }
    if (this.#state === 'name') {
      if (token !== 'string') return false
      this.#names++
      return this.#go('colon')
    }
    if (this.#state === 'colon') return token === ':' && this.#go('value')
    return token === ',' && this.#go(this.#open.at(-1) === '{' ? 'name' : 'value')
  }

  #go(state: State): true {
    this.#state = state
    return true
  }

  #begin(mark: '{' | '['): true {
    this.#open.push(mark)
    return this.#go(mark === '{' ? 'name' : 'value')
  }

  /** Behind a comma too: some programs write one after the last value. */
  #end(mark: '}' | ']'): boolean {
    const [begin, empty] = mark === '}' ? ['{', 'name'] : ['[', 'value']
    if (this.#open.at(-1) !== begin) return false
    if (this.#state !== 'more' && this.#state !== empty) return false
    this.#open.pop()
    const isTop = this.#open.length === 0
    if (isTop) this.#values++
    return this.#go(isTop ? 'value' : 'more')
  }
}
