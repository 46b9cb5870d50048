/**
 * The schema of an Avro file, as it was written (Avro 1.12, "Schema Declaration").
 *
 * It comes from strangers: its size, its depth and its names are looked at before a type is made of it.
 */
import { AvroFault } from './cursor.ts'
import { logicalOf, type Scalar } from './logical.ts'

export type Type = Scalar | Nested

export type Nested = EnumType | ArrayType | MapType | RecordType | UnionType

export interface EnumType {
  kind: 'enum'
  name: string
  symbols: string[]
}

export interface ArrayType {
  kind: 'array'
  items: Type
}

export interface MapType {
  kind: 'map'
  values: Type
}

export interface RecordType {
  kind: 'record'
  name: string
  /** Empty while the type is being read: it may be within itself. */
  fields: Field[]
}

export interface UnionType {
  kind: 'union'
  branches: Type[]
}

export interface Field {
  name: string
  aliases: string[]
  type: Type
}

/** A schema is text by people or programs: none that is honest comes near to this. */
const schemaBytesMax = 4 * 1024 * 1024
const depthMax = 100

/** @throws AvroFault */
export function schemaOf(json: Buffer): Type {
  if (json.length > schemaBytesMax) {
    throw new AvroFault(`its schema has more than ${schemaBytesMax} bytes`)
  }
  let schema: unknown
  try {
    schema = JSON.parse(json.toString())
  } catch (error) {
    throw new AvroFault('its schema is no JSON', { cause: error })
  }
  return new Names().typeOf(schema, '', 0)
}

type Members = Record<string, unknown>

/** The types that have a name, which may be used again. */
class Names {
  readonly #types = new Map<string, Type>()

  typeOf(schema: unknown, space: string, depth: number): Type {
    if (depth > depthMax) throw new AvroFault(`its schema is nested deeper than ${depthMax} levels`)
    if (typeof schema === 'string') return this.#named(schema, space)
    if (Array.isArray(schema)) {
      const branches = schema.map((branch) => this.typeOf(branch, space, depth + 1))
      if (branches.length === 0) throw new AvroFault('its schema has a union without types')
      return { kind: 'union', branches }
    }
    if (typeof schema !== 'object' || schema === null) throw unknown(schema)
    return this.#complex(schema as Members, space, depth)
  }

  #named(name: string, space: string): Type {
    const primitive = logicalOf(name, {})
    if (primitive) return primitive
    const known = this.#types.get(fullName(name, space)) ?? this.#types.get(name)
    if (!known) throw unknown(name)
    return known
  }

  #complex(schema: Members, space: string, depth: number): Type {
    const { type } = schema
    // `{"type": {"type": "int"}}` is written by some programs.
    if (typeof type !== 'string') return this.typeOf(type, space, depth + 1)
    if (type === 'array') {
      return { kind: 'array', items: this.typeOf(schema.items, space, depth + 1) }
    }
    if (type === 'map') {
      return { kind: 'map', values: this.typeOf(schema.values, space, depth + 1) }
    }
    if (type === 'record' || type === 'error') return this.#record(schema, space, depth)
    if (type === 'enum') return this.#enum(schema, space)
    if (type === 'fixed') {
      const { size } = schema
      if (!Number.isSafeInteger(size) || (size as number) < 0) {
        throw new AvroFault('its schema has a fixed without a size')
      }
      return this.#define(schema, space, logicalOf('fixed', schema) as Scalar)
    }
    return logicalOf(type, schema) ?? this.#named(type, space)
  }

  #enum(schema: Members, space: string): Type {
    const { symbols } = schema
    if (!Array.isArray(symbols) || symbols.some((each) => typeof each !== 'string')) {
      throw new AvroFault('its schema has an enum without symbols')
    }
    const name = this.#nameOf(schema, space)
    return this.#define(schema, space, { kind: 'enum', name, symbols })
  }

  #record(schema: Members, space: string, depth: number): Type {
    const name = this.#nameOf(schema, space)
    const record: RecordType = { kind: 'record', name, fields: [] }
    this.#define(schema, space, record)
    const { fields } = schema
    if (!Array.isArray(fields)) throw new AvroFault('its schema has a record without fields')
    const inner = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : ''
    for (const field of fields) {
      const { name: own, type, aliases } = (field ?? {}) as Members
      if (typeof own !== 'string') throw new AvroFault('its schema has a field without a name')
      record.fields.push({
        name: own,
        aliases: Array.isArray(aliases) ? aliases.filter((each) => typeof each === 'string') : [],
        type: this.typeOf(type, inner, depth + 1),
      })
    }
    return record
  }

  #nameOf({ name, namespace }: Members, space: string): string {
    if (typeof name !== 'string') throw new AvroFault('its schema has a type without a name')
    return fullName(name, typeof namespace === 'string' ? namespace : space)
  }

  #define<T extends Type>(schema: Members, space: string, type: T): T {
    this.#types.set(this.#nameOf(schema, space), type)
    return type
  }
}

const fullName = (name: string, space: string): string =>
  name.includes('.') || space === '' ? name : `${space}.${name}`

const unknown = (schema: unknown): AvroFault =>
  new AvroFault(`its schema has an unknown type ${JSON.stringify(schema)?.slice(0, 60)}`)
