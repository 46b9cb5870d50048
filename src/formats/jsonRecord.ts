/**
 * One object of a file: the value of each field, as a part of the bytes. Nothing is copied, and no
 * value becomes a number: what is loaded is what is written.
 */
import { isUtf8 } from 'node:buffer'
import { rejectReason } from '../errors/rejects.ts'
import { type KeyNode, type KeyTree, nameOf } from './jsonKeys.ts'
import { textOf } from './jsonStrings.ts'
import {
  behindColon,
  fail,
  fault,
  met,
  numberForm,
  setLimit,
  space,
  stringEnd,
  valueEnd,
} from './jsonSyntax.ts'
import type { Fault } from './reader.ts'

/** What a value is. Numbers have those of jsonSyntax.ts, `whole` to `science`. */
export const isNull = 1
export const isBoolean = 2
export const isWide = 6
export const isString = 7
export const isEscaped = 8
const isObject = 9
const isArray = 10
/** An object or a list that is nested very deep, or has a number that is wide: text takes it. */
export const isOdd = 11

/** PostgreSQL reads JSON by recursion, and a jsonb that deep may be more than its stack holds. */
const depthMax = 500
const shownChars = 40

export class JsonRecord {
  readonly tree: KeyTree
  /** By field: where its value is, and what; `has` tells whether there is one. */
  starts = new Int32Array(16)
  ends = new Int32Array(16)
  kinds = new Uint8Array(16)
  #setAt = new Int32Array(16)
  /** Counts keys over all records. */
  #count = 0
  /** The count when this record began. */
  #before = 0
  /** A key that is not known, in this record. */
  #unknown: string | null = null
  readonly #isFlat: boolean

  constructor(tree: KeyTree) {
    this.tree = tree
    this.#isFlat = tree.depth === 0
    this.#makeRoom(tree.fields.length)
  }

  /** Has the record a value for a field? Of a key that comes twice the last one counts. */
  has(field: number): boolean {
    const setAt = this.#setAt[field] as number
    if (setAt <= this.#before) return false
    if (this.#isFlat) return true
    let node = this.tree.fields[field] as KeyNode | null
    for (; node; node = node.parent) if (node.met > setAt) return false
    return true
  }

  /**
   * Reads the object between two addresses, with blanks around it. Behind it stands a byte that ends
   * strings and numbers.
   * @returns null, or why it cannot be loaded
   */
  read(bytes: Buffer, from: number, to: number): Fault | null {
    if (this.#count > 0x7000_0000) this.#recount()
    this.#before = this.#count
    this.#unknown = null
    this.tree.begin()
    const found = this.#fault(bytes, from, to)
    if (found) this.tree.forget()
    return found
  }

  #fault(bytes: Buffer, from: number, to: number): Fault | null {
    setLimit(to)
    const start = space(bytes, from)
    const isOne = bytes[start] === 123
    const end = isOne ? this.#object(bytes, start + 1) : valueEnd(bytes, start)
    if (end < 0) return faultOf(bytes, from, to)
    const rest = space(bytes, end)
    if (rest !== to) {
      fail(rest, 'text follows the value')
      return faultOf(bytes, from, to)
    }
    if (!isOne) {
      return { ...rejectReason('json_no_object', { what: whatIs(bytes, start) }), column: null }
    }
    const key = this.#unknown
    return key === null ? null : { ...rejectReason('key_unknown', { key }), column: key }
  }

  /** @param from behind the opening brace. @returns the address behind the closing one, or -1 */
  #object(bytes: Buffer, from: number): number {
    let node = this.tree.root
    let depth = 0
    node.next = 0
    let at = space(bytes, from)
    let isOpened = true
    for (;;) {
      // Behind a value or an opening brace.
      while (bytes[at] === 125) {
        at++
        if (node.parent === null) return at
        node = node.parent
        depth--
        at = space(bytes, at)
        isOpened = false
      }
      if (!isOpened) {
        if (bytes[at] !== 44) return fail(at, 'no comma, and no }')
        at = space(bytes, at + 1)
      }
      isOpened = false
      if (bytes[at] !== 34) return fail(at, 'no key in quotes')
      const expected = node.children[node.next]
      let child: KeyNode | null = null
      if (expected?.isPlain && isKeyAt(bytes, at + 1, expected.key)) {
        child = expected
        at += expected.key.length + 2
      } else {
        met.escapes = false
        const end = stringEnd(bytes, at + 1)
        if (end < 0) return -1
        child = this.#find(node, bytes, at + 1, end)
        at = end + 1
      }
      at = behindColon(bytes, at)
      if (at < 0) return -1
      if (child === null) {
        at = valueEnd(bytes, at)
        if (at < 0) return -1
        at = space(bytes, at)
        continue
      }
      child.met = ++this.#count
      node.next = child.index + 1
      if (depth < this.tree.depth && bytes[at] === 123) {
        const inside = space(bytes, at + 1)
        // An empty object has no field of its own: it is a value.
        if (bytes[inside] !== 125) {
          node = child
          node.next = 0
          depth++
          at = inside
          isOpened = true
          continue
        }
      }
      at = this.#value(bytes, at, child)
      if (at < 0) return -1
      at = space(bytes, at)
    }
  }

  #find(node: KeyNode, bytes: Buffer, from: number, to: number): KeyNode | null {
    const key = met.escapes ? Buffer.from(textOf(bytes, from, to)) : bytes.subarray(from, to)
    // What is no UTF-8 is a reject of its own.
    if (!isUtf8(key)) return null
    const child = this.tree.child(node, key)
    if (child === null)
      this.#unknown ??= nameOf([...node.path, key.toString().slice(0, shownChars)])
    return child
  }

  #value(bytes: Buffer, at: number, node: KeyNode): number {
    const byte = bytes[at] as number
    met.escapes = false
    met.wide = false
    met.depth = 0
    let end: number
    let kind: number
    if (byte === 34) {
      end = stringEnd(bytes, at + 1) + 1
      if (end === 0) return -1
      kind = met.escapes ? isEscaped : isString
    } else {
      end = valueEnd(bytes, at)
      if (end < 0) return -1
      if (byte === 123 || byte === 91) {
        kind = byte === 123 ? isObject : isArray
        if (met.wide || met.depth > depthMax) kind = isOdd
      } else if (byte === 110) kind = isNull
      else if (byte === 116 || byte === 102) kind = isBoolean
      else kind = met.wide ? isWide : numberForm
    }
    // Where objects are flattened a null stands for an object without keys.
    const isNone = kind === isNull && node.children.length > 0
    const field = isNone ? node.field : this.tree.fieldOf(node)
    if (field < 0) {
      if (!isNone) this.#unknown ??= nameOf(node.path)
      return end
    }
    if (field >= this.starts.length) this.#makeRoom(field + 1)
    this.starts[field] = at
    this.ends[field] = end
    this.kinds[field] = kind
    this.#setAt[field] = this.#count
    return end
  }

  #makeRoom(fields: number): void {
    const size = Math.max(16, fields * 2)
    const grown = <A extends Int32Array | Uint8Array>(larger: A, old: A): A => {
      larger.set(old)
      return larger
    }
    this.starts = grown(new Int32Array(size), this.starts)
    this.ends = grown(new Int32Array(size), this.ends)
    this.#setAt = grown(new Int32Array(size), this.#setAt)
    this.kinds = grown(new Uint8Array(size), this.kinds)
  }

  /** Before the count is more than 32 bits hold. */
  #recount(): void {
    this.#count = 0
    this.#setAt.fill(0)
    const forget = (node: KeyNode): void => {
      node.met = 0
      for (const child of node.children) forget(child)
    }
    forget(this.tree.root)
  }
}

function isKeyAt(bytes: Buffer, at: number, key: Buffer): boolean {
  const size = key.length
  if (bytes[at + size] !== 34) return false
  for (let index = 0; index < size; index++) if (bytes[at + index] !== key[index]) return false
  return true
}

function whatIs(bytes: Buffer, at: number): string {
  const byte = bytes[at]
  if (byte === 91) return 'a list'
  if (byte === 34) return 'a text'
  if (byte === 110) return 'null'
  return byte === 116 || byte === 102 ? 'true or false' : 'a number'
}

/** What jsonSyntax.ts found wrong, in words. */
function faultOf(bytes: Buffer, from: number, to: number): Fault {
  const { at, problem, isText } = fault
  // Counted in characters, as people do: a record that is no UTF-8 is told by its bytes before.
  const start = Math.min(at, to)
  const before = bytes.subarray(Math.max(from, start - shownBytes), start)
  const place = start - from > shownBytes ? start - from : before.toString().length
  const near = bytes.toString('utf8', start, Math.min(to, start + shownChars)).slice(0, 20)
  const shown = near === '' ? 'the end' : JSON.stringify(near)
  const code = isText ? 'json_character' : 'json_invalid'
  return { ...rejectReason(code, { problem, place: place + 1, near: shown }), column: null }
}

const shownBytes = 4096
