/**
 * The keys of the objects of a file, as a tree: where objects are flattened, a step of a path is one
 * look-up.
 */

/** A table can have no more columns. */
const fieldsMax = 1600

export class KeyNode {
  /** From the top down. */
  readonly path: readonly string[]
  readonly parent: KeyNode | null
  readonly key: Buffer
  /** It stands in a file as it is, without escapes. */
  readonly isPlain: boolean
  readonly children: KeyNode[] = []
  /** The field of the values that stand here; -1 while there is none. */
  field = -1
  /** When it was met last, in the count of a JsonRecord. */
  met = 0
  /** Its place among the children of its parent. */
  readonly index: number
  /** Which child most likely comes next: objects mostly have their keys in one order. */
  next = 0
  readonly #byBytes = new Map<string, KeyNode>()

  constructor(parent: KeyNode | null, name: string) {
    this.parent = parent
    this.path = parent ? [...parent.path, name] : []
    this.key = Buffer.from(name)
    this.isPlain = this.key.every((byte) => byte >= 32 && byte !== 34 && byte !== 92)
    this.index = parent ? parent.children.length : 0
  }

  /** @param key its bytes as latin1 */
  find(key: string): KeyNode | undefined {
    return this.#byBytes.get(key)
  }

  add(name: string): KeyNode {
    const child = new KeyNode(this, name)
    this.#byBytes.set(child.key.toString('latin1'), child)
    this.children.push(child)
    return child
  }

  /** Takes away the child that was added last. */
  pop(): void {
    const child = this.children.pop()
    if (child) this.#byBytes.delete(child.key.toString('latin1'))
  }
}

/** PostgreSQL cuts names at 63 bytes: a longer key than this is none, and its record a reject. */
const keyBytesMax = 4096

/** What knows the keys of a file, and takes new ones until it is closed. */
export class KeyTree {
  readonly root = new KeyNode(null, '')
  readonly fields: KeyNode[] = []
  /** Objects are flattened down to here. */
  readonly depth: number
  readonly #isOpen: boolean
  readonly #onTooMany: (count: number) => Error
  /** Parents of the keys that the record under way has added. */
  readonly #added: KeyNode[] = []
  #fieldsBefore = 0

  /** @param options `onTooMany`: makes the error for more keys than a table has columns; closed if absent */
  constructor(
    paths: readonly (readonly string[])[],
    { depth = 0, onTooMany }: { depth?: number; onTooMany?: (count: number) => Error } = {},
  ) {
    this.depth = depth
    for (const path of paths) {
      let node = this.root
      for (const name of path) {
        node = node.find(Buffer.from(name).toString('latin1')) ?? node.add(name)
      }
      this.#addField(node)
    }
    this.#isOpen = onTooMany !== undefined
    this.#onTooMany = onTooMany ?? (() => new Error('it takes no new keys'))
  }

  get paths(): string[][] {
    return this.fields.map(({ path }) => [...path])
  }

  /** @returns null for a key that is not known, where none is added */
  child(parent: KeyNode, key: Buffer): KeyNode | null {
    const known = parent.find(key.toString('latin1'))
    if (known) return known
    if (!this.#isOpen || key.length > keyBytesMax) return null
    this.#added.push(parent)
    return parent.add(key.toString())
  }

  /** @returns -1 where values may not stand. @throws columns_too_many */
  fieldOf(node: KeyNode): number {
    if (node.field >= 0 || !this.#isOpen) return node.field
    if (this.fields.length >= fieldsMax) throw this.#onTooMany(fieldsMax + 1)
    this.#addField(node)
    return node.field
  }

  /** A record begins: what it adds may be forgotten again. */
  begin(): void {
    if (this.#added.length > 0) this.#added.length = 0
    this.#fieldsBefore = this.fields.length
  }

  /** The record is a reject: it has no keys. */
  forget(): void {
    for (const node of this.fields.splice(this.#fieldsBefore)) node.field = -1
    for (const parent of this.#added.reverse()) parent.pop()
    this.#added.length = 0
  }

  #addField(node: KeyNode): void {
    node.field = this.fields.push(node) - 1
  }
}

/** Names for people, and for columns: `a_b` for what stands at `b` within `a`. */
export const nameOf = (path: readonly string[]): string => path.join('_')
