/**
 * Over the plain records of files of objects, as nearly all are: those whose keys are known, and which
 * the loops in WebAssembly can read (jsonSimd). Others are for the careful look (jsonRecord.ts), which
 * comes to the same for these.
 */
import type { KeyNode, KeyTree } from './jsonKeys.ts'
import type { JsonKinds } from './jsonKinds.ts'
import { loop, memory, windowBytes } from './jsonLoop.ts'

/** What is between records. */
export interface Between {
  /** The byte that ends a line, where each line is a record; null where lines do not matter. */
  newline: number | null
  /** Records are the elements of a list. */
  isList: boolean
}

const noBytes = Buffer.alloc(0)

/** Whose keys the loops have. */
let owner: PlainWindow | null = null

/** The bytes that the loops see, and the keys that they know. */
abstract class PlainWindow {
  readonly #tree: KeyTree
  readonly #between: Between
  /** How many keys the loops have been told. */
  #told = 0
  #isUsable: boolean
  #bytes: Buffer = noBytes
  #start = 0
  #end = 0

  constructor(tree: KeyTree, between: Between) {
    this.#tree = tree
    this.#between = between
    this.#isUsable = tree.depth === 0
  }

  /** Must be called in front of other bytes; without any it holds none. */
  take(bytes: Buffer = noBytes): void {
    this.#bytes = bytes
    this.#start = 0
    this.#end = 0
  }

  /** How many keys there are that the loops know. */
  protected get fields(): number {
    return this.#told
  }

  /** @returns the address in the window of a byte, and where the window ends; null where no loop can go on */
  protected at(offset: number): { from: number; to: number; base: number } | null {
    if (!this.#isUsable || !this.#tellKeys()) return null
    if (offset < this.#start || offset >= this.#end) {
      this.#start = offset
      this.#end = Math.min(this.#bytes.length, offset + windowBytes)
      memory.bytes.set(this.#bytes.subarray(this.#start, this.#end))
      // A byte that is valid nowhere.
      memory.bytes[this.#end - this.#start] = 0
    }
    return { from: offset - this.#start, to: this.#end - this.#start, base: this.#start }
  }

  /** What the loops must know besides keys, when others have used them. */
  protected abstract tell(): void

  #tellKeys(): boolean {
    const { fields } = this.#tree
    if (owner === this && this.#told === fields.length) return true
    if (owner !== this) {
      owner = this
      const { newline, isList } = this.#between
      loop.between(newline ?? -1, Number(isList))
      loop.forgetKeys()
      this.#told = 0
      this.#start = 0
      this.#end = 0
      this.tell()
    }
    for (; this.#told < fields.length; this.#told++) {
      if (!tellKey(fields[this.#told] as KeyNode)) {
        this.#isUsable = false
        return false
      }
    }
    return true
  }
}

/** @returns false when there is no room for it */
function tellKey({ key, isPlain }: KeyNode): boolean {
  const text = isPlain ? Buffer.concat([quote, key, quoteAndColon]) : noBytes
  const at = loop.roomFor(text.length)
  if (at === 0) return false
  memory.bytes.set(text, at)
  loop.addKey(text.length)
  return true
}

const quote = Buffer.from('"')
const quoteAndColon = Buffer.from('":')

const int32Max = 2 ** 31 - 1

/** Counts kinds of values while a file is staged. */
export class PlainCount extends PlainWindow {
  readonly #kinds: JsonKinds
  /** How many kinds were new when the loop was told of them, and of how many fields. */
  #toldNews = -1
  #toldFields = 0
  #counted = 0
  /** Behind the last record that was counted. */
  end = 0

  constructor(tree: KeyTree, between: Between, kinds: JsonKinds) {
    super(tree, between)
    this.#kinds = kinds
  }

  /**
   * Counts records from there on, where one starts, and sets `end`.
   * @param stopAt the first record that ends there or behind is the last one
   * @returns how many there are
   */
  count(offset: number, stopAt: number): number {
    const place = this.at(offset)
    if (!place) return 0
    this.#tellNews()
    const { from, to, base } = place
    loop.count(from, to, Math.min(stopAt - base, int32Max))
    const counted = loop.counted.value
    this.#counted += counted
    this.end = base + loop.countedTo.value
    return counted
  }

  /** Must be called before others use the loops: takes over what was counted. */
  collect(): void {
    this.take()
    if (this.#counted === 0) return
    this.#kinds.addCounted(this.#counted, this.fields, (field) => {
      const start = (loop.counts.value + field * loop.countBytes.value) / 4
      return memory.numbers.subarray(start, start + loop.countBytes.value / 4)
    })
    this.#counted = 0
    loop.clearCounts()
  }

  protected tell(): void {
    this.#toldNews = -1
    loop.clearCounts()
  }

  #tellNews(): void {
    const { news, seen } = this.#kinds
    if (this.#toldNews === news && this.#toldFields === this.fields) return
    const first = loop.seen.value / 4
    // A null is of no kind, and needs none.
    for (let field = 0; field < this.fields; field++) {
      memory.numbers[first + field] = (seen[field] ?? 0) | 1
    }
    this.#toldNews = news
    this.#toldFields = this.fields
  }
}

/** What the loop has written: `count` lines, which lie in its memory, and the records that they are of. */
export interface PlainLines {
  count: number
  bytes: Buffer
  /** Three numbers a record: where it starts, where it ends, and where its line ends; the first two from `base` on. */
  records: Int32Array
  base: number
  /** Behind the last record. */
  end: number
}

export const recordNumbers = 3

/** Writes records as COPY text while a unit is loaded. */
export class PlainRows extends PlainWindow {
  readonly #ways: readonly number[]

  /** @param ways how the values of each field are given to PostgreSQL: see jsonSimd/rows.ts */
  constructor(tree: KeyTree, between: Between, ways: readonly number[]) {
    super(tree, between)
    this.#ways = ways
  }

  /** Writes records from there on. */
  write(offset: number): PlainLines | null {
    const place = this.at(offset)
    if (!place) return null
    const { from, to, base } = place
    loop.write(from, to, this.#ways.length)
    const count = loop.written.value
    if (count === 0) return null
    const [out, records] = [loop.out.value, loop.records.value / 4]
    return {
      count,
      bytes: memory.bytes.subarray(out, out + loop.writtenBytes.value),
      records: memory.numbers.subarray(records, records + count * recordNumbers),
      base,
      end: base + loop.writtenTo.value,
    }
  }

  protected tell(): void {
    memory.numbers.set(this.#ways, loop.ways.value / 4)
  }
}
