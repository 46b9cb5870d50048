/**
 * Names of columns: made from a header for a new table, and found in a table that exists.
 *
 * A header is as hostile as any input: one name may have a million characters, and 1,600 names may
 * be the same. So each name is cut before it is compared, and no step looks at all names for each.
 */

import type { TargetColumn } from './columns.ts'
import { grouped } from './grouped.ts'

/** The longest identifier of PostgreSQL, in bytes (NAMEDATALEN - 1). */
export const nameBytesMax = 63

/** Every table has these columns already. They cannot be used, not even quoted. */
export const systemNames: readonly string[] = ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']

type HeaderNames = readonly (string | null)[]

/** How a new column is called: in words of lower case, or as the file writes it. */
export type NameStyle = 'words' | 'as-is'

/** How columns are called. */
export interface Naming {
  style: NameStyle
  /** Names that a spec gives to columns: they are these, letter for letter. */
  exact: ReadonlySet<string>
}

const usual: Naming = { style: 'words', exact: new Set() }

/**
 * Names for the columns of a new table, at most 63 bytes each and all different; `column_3` where
 * the header has none. A system column of PostgreSQL gets a number, as a doubled name does.
 */
export function columnNames(header: HeaderNames, naming: Naming = usual): string[] {
  const taken = new Taken()
  return header.map((name, index) => taken.add(styled(name, naming) || `column_${index + 1}`))
}

/**
 * Names for header names that the table does not have, each different from its own.
 * @returns none for a field without a name
 */
export function addedNames(
  unknown: HeaderNames,
  there: readonly string[],
  naming: Naming = usual,
): (string | null)[] {
  const taken = new Taken(there)
  return unknown.map((name) => {
    const made = styled(name, naming)
    return made ? taken.add(made) : null
  })
}

/** Empty for a name of blanks; a NUL byte is the one character that PostgreSQL does not take. */
function styled(name: string | null, { style, exact }: Naming): string {
  const text = name ?? ''
  if (exact.has(text)) return text
  if (style === 'words') return wordsOf(text)
  return text.trim() === '' ? '' : text.slice(0, nameCharsMax).replaceAll('\0', '\ufffd')
}

/** The names of a table so far. */
class Taken {
  readonly #names: Set<string>
  /** By stem and digits, the number that is tried next: all before it are taken, and stay so. */
  readonly #nextNo = new Map<string, number>()

  constructor(names: readonly string[] = []) {
    this.#names = new Set([...systemNames, ...names])
  }

  /** @returns the name itself, cut, or with a number behind it */
  add(name: string): string {
    const cut = cutName(name, nameBytesMax)
    let unique = this.#names.has(cut) ? null : cut
    // A longer number leaves less room for the name, so long names that differ share numbers.
    for (let digits = 1; unique === null; digits++) unique = this.#numbered(cut, digits)
    this.#names.add(unique)
    return unique
  }

  /** @returns null when all numbers of so many digits are taken */
  #numbered(cut: string, digits: number): string | null {
    const stem = cutName(cut, nameBytesMax - 1 - digits)
    const key = `${digits} ${stem}`
    let no = this.#nextNo.get(key) ?? Math.max(2, 10 ** (digits - 1))
    while (no < 10 ** digits && this.#names.has(`${stem}_${no}`)) no++
    this.#nextNo.set(key, no)
    return no < 10 ** digits ? `${stem}_${no}` : null
  }
}

/** Lower case, words joined by `_`. */
const wordsOf = (name: string): string =>
  start(name)
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '')

/** A text as an identifier, of any length: words in lower case joined by `_`; empty for none. */
export const identifierOf = (text: string): string => wordsOf(text)

/** Whether a text is the name of a column, however its words are joined. */
export const isSameName = (text: string, column: string): boolean =>
  wordsOf(text) !== '' && cutWords(text) === cutWords(column)

/** As much of a name as is ever looked at: names that differ only behind it count as the same. */
const nameCharsMax = 4000

const start = (name: string): string => name.trim().slice(0, nameCharsMax)

/** The longest start of a text that has at most so many bytes in UTF-8. */
export function cutName(text: string, bytesMax: number): string {
  // A character of JavaScript is at least one byte, so the bytes end within so many characters.
  const bytes = Buffer.from(text.slice(0, bytesMax + 1))
  let end = Math.min(bytesMax, bytes.length)
  while (end < bytes.length && isWithinCharacter(bytes[end] as number)) end--
  return bytes.toString('utf8', 0, end)
}

const isWithinCharacter = (byte: number): boolean => (byte & 0xc0) === 0x80

export interface Match {
  /** The column for each field, in the file's order; empty for one that has none. */
  columns: string[]
  /** Header names that match no column of the table that can be written. */
  unknown: string[]
  /** Columns that need a value and get none. */
  missing: string[]
}

/**
 * Finds the column of each header name: those that are written alike first, then whatever the
 * case, then word by word, and at last by the name that a table made from this header would have
 * (`ctid_2`, `column_3`).
 */
export function matchColumns(
  header: HeaderNames,
  table: readonly TargetColumn[],
  naming: Naming = usual,
): Match {
  const writable = table.filter((column) => !column.generated)
  const find = finderIn(writable.map(({ name }) => name))
  const made = columnNames(header, naming)
  const exact = header.map((name) => find.exact(name ?? ''))
  const columns = header.map((name, index) => {
    if (naming.exact.has(name ?? '')) return exact[index] ?? ''
    return exact[index] ?? find.alike(start(name ?? ''), made[index] as string) ?? ''
  })
  const used = new Set(columns)
  const missing = writable
    .filter((column) => column.notNull && !column.hasDefault && !used.has(column.name))
    .map((column) => column.name)
  return { columns, unknown: unknownIn(header, columns), missing }
}

/** The names of `there` that a header's names are found by; empty for those that are new. */
export function findColumns(header: HeaderNames, there: readonly string[]): string[] {
  const find = finderIn(there)
  const exact = header.map((name) => find.exact(name ?? ''))
  return header.map((name, at) => exact[at] ?? find.alike(start(name ?? ''), '') ?? '')
}

/** The names without a column, and what is wrong with them. */
function unknownIn(header: HeaderNames, columns: readonly string[]): string[] {
  const seen = new Set<string>()
  const unknown: string[] = []
  for (const [index, name] of header.entries()) {
    const wanted = start(name ?? '')
    const lower = wanted.toLowerCase()
    if (columns[index] === '') unknown.push(nameOfUnknown(wanted, index, seen.has(lower)))
    seen.add(lower)
  }
  return unknown
}

/** What is wrong with a name that fits no column. */
function nameOfUnknown(wanted: string, index: number, isAgain: boolean): string {
  if (wanted === '') return `(field ${index + 1} has no name)`
  const shown = wanted.length > 80 ? `${wanted.slice(0, 80)}…` : wanted
  return isAgain ? `${shown} (field ${index + 1}, a second time)` : shown
}

/** Each column is found once. */
interface Finder {
  exact(name: string): string | null
  alike(wanted: string, made: string): string | null
}

function finderIn(names: readonly string[]): Finder {
  const free = new Set(names)
  // The first name of each group stands last, from where it is taken.
  const lastFirst = names.toReversed()
  const byCase = grouped(lastFirst, (name) => name.toLowerCase())
  const byWords = grouped(lastFirst, cutWords)
  const take = (name: string | undefined): string | null =>
    name !== undefined && free.delete(name) ? name : null
  const firstOf = (group: string[] | undefined): string | null => {
    // What was found is never free again, so it need not be looked at a second time.
    while (group?.length && !free.has(group.at(-1) as string)) group.pop()
    return take(group?.at(-1))
  }
  return {
    exact: take,
    alike(wanted, made) {
      if (wanted === '') return take(made)
      const words = cutWords(wanted)
      return (
        take(wanted) ??
        firstOf(byCase.get(wanted.toLowerCase())) ??
        (words === '' ? null : firstOf(byWords.get(words))) ??
        take(made)
      )
    },
  }
}

/** A column's name has lost what is behind its 63rd byte; the name in the file has it still. */
const cutWords = (name: string): string => cutName(wordsOf(name), nameBytesMax)
