/** The keys of the records of a file, and what their values are: what a head and a scan learn of it. */
import type { FieldFacts } from '../domain/types.ts'
import type { Reading } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import { KeyTree, nameOf } from './jsonKeys.ts'
import { JsonKinds } from './jsonKinds.ts'
import { type Between, PlainCount } from './jsonPlain.ts'
import { JsonRecord } from './jsonRecord.ts'

/** How files of objects are read. */
export interface JsonReading extends Reading {
  /** The key of each field; where objects are flattened, those that lead to it. */
  keys: string[][]
  /** How deep objects are flattened; absent where they are not. */
  flatten?: number
}

/** What a file's keys come to. */
export interface Fields {
  keys: string[][]
  /** Names of the columns that are looked for. */
  header: string[]
  width: number
  /** Fields that fewer than half of the records have. */
  sparse?: number[]
}

export class JsonFields {
  readonly record: JsonRecord
  readonly #tree: KeyTree
  readonly #kinds = new JsonKinds()

  /** @param reading its keys come first, in this order */
  constructor(file: string, { keys, flatten = 0 }: Pick<JsonReading, 'keys' | 'flatten'>) {
    const onTooMany = (count: number) => sluiceError('columns_too_many', { file, count })
    this.#tree = new KeyTree(keys, { depth: flatten, onTooMany })
    this.record = new JsonRecord(this.#tree)
  }

  /** Counts what needs no careful look. */
  plainCount(between: Between): PlainCount {
    return new PlainCount(this.#tree, between, this.#kinds)
  }

  get records(): number {
    return this.#kinds.records
  }

  /** @returns whether it is a record that may be loaded */
  add(bytes: Buffer, from: number, to: number, line: number): boolean {
    if (this.record.read(bytes, from, to)) return false
    this.#kinds.add(this.record, bytes, line)
    return true
  }

  fields(): Fields & { types: FieldFacts[] } {
    const kept = this.#tree.fields.flatMap((node, field) => {
      // A null in the place of an object that other records have, whose keys are fields.
      const isNone = node.children.length > 0 && this.#kinds.isNull(field)
      return isNone ? [] : [field]
    })
    const keys = kept.map((field) => [...(this.#tree.fields[field]?.path ?? [])])
    const sparse = kept.flatMap((field, at) =>
      (this.#kinds.present[field] ?? 0) * 2 < this.records ? [at] : [],
    )
    return {
      keys,
      header: keys.map(nameOf),
      width: keys.length,
      ...(sparse.length > 0 && { sparse }),
      types: kept.map((field) => this.#kinds.facts(field)),
    }
  }
}
