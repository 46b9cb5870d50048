/**
 * PostgreSQL's own analysis of a query, as `pg_rewrite.ev_action` of a view has it: a tree of nodes as
 * text (src/backend/nodes/outfuncs.c). It is read by position, as PostgreSQL reads it: behind the name
 * of a field comes one value, whatever it looks like. So no name of a column can pass for a field.
 */

export interface Node {
  type: string
  fields: ReadonlyMap<string, Value>
}

export type Value = Node | Value[] | string

export const isNode = (value: Value | undefined): value is Node =>
  typeof value === 'object' && !Array.isArray(value)

const broken = (problem: string) => new Error(problem)

/** @throws Error for what is no such text */
export function parseNodes(text: string): Value {
  const reader = new TokenReader(text)
  const value = readValue(reader)
  if (reader.next() !== null) throw broken('something follows the tree')
  return value
}

/** All nodes of a tree, each before those within it. */
export function* nodesIn(value: Value): Generator<Node> {
  const open: Value[] = [value]
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if (typeof each === 'string') continue
    if (isNode(each)) yield each
    open.push(...[...(isNode(each) ? each.fields.values() : each)].reverse())
  }
}

/** Nothing that is deeper was written by a person. PostgreSQL's own bound is that of its stack. */
const depthMax = 2000

function readValue(reader: TokenReader, depth = 0): Value {
  if (depth > depthMax) throw broken('it is nested too deeply')
  const token = reader.must()
  if (token === '{') return readNode(reader, depth)
  if (token !== '(') return token
  const list: Value[] = []
  while (reader.peek() !== ')') list.push(readValue(reader, depth + 1))
  reader.must()
  return list
}

function readNode(reader: TokenReader, depth: number): Node {
  const type = reader.must()
  const fields = new Map<string, Value>()
  for (let name = reader.must(); name !== '}'; name = reader.must()) {
    if (!name.startsWith(':')) throw broken(`${type} has ${name} where a field begins`)
    fields.set(name.slice(1), readValue(reader, depth + 1))
    // The bytes of a constant: `4 [ 1 0 0 0 ]`.
    if (reader.peek() === '[') while (reader.must() !== ']');
  }
  return { type, fields }
}

/** A token ends at a blank or a bracket; a backslash makes the next character a part of it. */
const token = /\s*([(){}]|(?:\\[\s\S]|[^\s(){}\\])+)/y

class TokenReader {
  readonly #text: string
  #at = 0
  #peeked: string | null | undefined

  constructor(text: string) {
    this.#text = text
  }

  peek(): string | null {
    this.#peeked = this.#peeked === undefined ? this.#read() : this.#peeked
    return this.#peeked
  }

  next(): string | null {
    const found = this.peek()
    this.#peeked = undefined
    return found
  }

  must(): string {
    const found = this.next()
    if (found === null) throw broken('it ends too early')
    return found
  }

  #read(): string | null {
    token.lastIndex = this.#at
    const found = token.exec(this.#text)
    if (!found) return null
    this.#at = token.lastIndex
    return found[1] as string
  }
}
