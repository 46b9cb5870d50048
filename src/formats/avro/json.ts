/** Values with parts as JSON: records and maps are objects, arrays are lists. */
import { AvroFault, type Cursor } from './cursor.ts'
import { jsonText, type RowText } from './rowText.ts'
import { jsonWrite, scalarForm, type Write } from './scalars.ts'
import type { EnumType, RecordType, Type, UnionType } from './schema.ts'

/** PostgreSQL takes a jsonb of some thousand levels; a record may be within itself without end. */
const depthMax = 500

const COMMA = 44
const COLON = 58

/** Writes values of types as JSON. A type that is used in several places is looked at once. */
export class JsonWriter {
  readonly #writes = new Map<Type, Write>()
  #depth = 0

  writeOf(type: Type): Write {
    const known = this.#writes.get(type)
    if (known) return known
    // What it consists of may have it within.
    let made: Write | null = null
    this.#writes.set(type, (from, to) => (made as Write)(from, to))
    made = this.#made(type)
    this.#writes.set(type, made)
    return made
  }

  #made(type: Type): Write {
    switch (type.kind) {
      case 'record':
        return this.#record(type)
      case 'array': {
        const write = this.writeOf(type.items)
        return (from, to) => this.#parts(from, to, { write, ends: '[]' })
      }
      case 'map': {
        const value = this.writeOf(type.values)
        const write: Write = (from, to) => {
          const size = from.size()
          const start = from.take(size)
          to.json(from.bytes, start, start + size)
          to.byte(COLON)
          value(from, to)
        }
        return (from, to) => this.#parts(from, to, { write, ends: '{}' })
      }
      case 'enum':
        return enumWrite(type, jsonText)
      case 'union':
        return this.#union(type)
      default:
        return jsonWrite(scalarForm(type))
    }
  }

  #record({ fields }: RecordType): Write {
    const members = fields.map(({ name, type }, at) => {
      const key = Buffer.concat([Buffer.from(at > 0 ? ',' : ''), jsonText(name), Buffer.from(':')])
      return { key, write: this.writeOf(type) }
    })
    return (from, to) => {
      if (++this.#depth > depthMax) {
        throw new AvroFault(`a value is nested deeper than ${depthMax} levels`)
      }
      to.ascii('{')
      for (const { key, write } of members) {
        to.copy(key)
        write(from, to)
      }
      to.ascii('}')
      this.#depth--
    }
  }

  #parts(from: Cursor, to: RowText, { write, ends }: { write: Write; ends: string }): void {
    to.byte(ends.charCodeAt(0))
    let isFirst = true
    for (let left = countOf(from); left > 0; left = countOf(from)) {
      for (; left > 0; left--) {
        if (!isFirst) to.byte(COMMA)
        isFirst = false
        write(from, to)
      }
    }
    to.byte(ends.charCodeAt(1))
  }

  #union(union: UnionType): Write {
    const writes = this.branchesOf(union)
    return (from, to) => branchOf(from, writes)(from, to)
  }

  /** Where the JSON of a value does not say which of the types it has, the name of that is around it. */
  branchesOf({ branches }: UnionType): Write[] {
    const isTagged = !tellsApart(branches)
    return branches.map((type) => {
      const write = this.writeOf(type)
      if (!isTagged || type.kind === 'null') return write
      const key = Buffer.concat([Buffer.from('{'), jsonText(nameOf(type)), Buffer.from(':')])
      return (from, to) => {
        to.copy(key)
        write(from, to)
        to.ascii('}')
      }
    })
  }
}

/** A negative count stands in front of how many bytes these elements have. */
function countOf(from: Cursor): number {
  const count = from.long()
  if (typeof count === 'bigint') throw new AvroFault(`an array has ${count} elements`)
  if (count >= 0) return count
  from.size()
  return -count
}

/** @throws AvroFault for one that the union does not have */
export function branchOf<T>(from: Cursor, branches: readonly T[]): T {
  const branch = from.long()
  const found = typeof branch === 'number' ? branches[branch] : undefined
  if (found === undefined) throw new AvroFault(`a union has no type ${branch}`)
  return found
}

export function enumWrite({ symbols }: EnumType, textOf: (symbol: string) => Buffer): Write {
  const texts = symbols.map(textOf)
  return (from, to) => {
    const at = from.long()
    const text = typeof at === 'number' ? texts[at] : undefined
    if (!text) throw new AvroFault(`an enum has no symbol ${at}`)
    to.copy(text)
  }
}

type JsonKind = 'number' | 'boolean' | 'array' | 'object' | 'text'

const numbers = ['int', 'long', 'float', 'double', 'decimal']

export const isNumber = ({ kind }: Type): boolean => numbers.includes(kind)

export const isText = ({ kind }: Type): boolean => kind === 'string' || kind === 'enum'

function jsonKindOf(type: Type): JsonKind {
  const { kind } = type
  if (isNumber(type)) return 'number'
  if (kind === 'boolean' || kind === 'array') return kind
  return kind === 'map' || kind === 'record' ? 'object' : 'text'
}

/** Does the JSON of a value say which of the types it has, as far as that makes a difference? */
function tellsApart(branches: readonly Type[]): boolean {
  const values = branches.filter(({ kind }) => kind !== 'null')
  if (values.every(isNumber) || values.every(isText)) return true
  const kinds = values.map(jsonKindOf).filter((kind) => kind !== 'number')
  return new Set(kinds).size === kinds.length
}

const nameOf = (type: Type): string => ('name' in type ? type.name : type.kind)
