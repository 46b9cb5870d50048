/** Where the records of a document are: in its list, in one within it, or one after the other. */
import { textOf } from '../jsonStrings.ts'
import { behindColon, setLimit, space, stringEnd, valueEnd } from '../jsonSyntax.ts'

/** @returns the address of the value at a path; null when it is not in these bytes */
export function valueAt(bytes: Buffer, from: number, path: readonly string[]): number | null {
  setLimit(bytes.length)
  let at = space(bytes, from)
  for (const name of path) {
    const found = memberOf(bytes, at, name)
    if (found === null) return null
    at = found
  }
  return at < bytes.length ? at : null
}

function memberOf(bytes: Buffer, from: number, name: string): number | null {
  if (bytes[from] !== 123) return null
  for (let at = space(bytes, from + 1); bytes[at] === 34; ) {
    const end = stringEnd(bytes, at + 1)
    if (end < 0) return null
    const value = behindColon(bytes, end + 1)
    if (value < 0) return null
    if (textOf(bytes, at + 1, end) === name) return value
    const behind = valueEnd(bytes, value)
    if (behind < 0) return null
    at = space(bytes, behind)
    if (bytes[at] === 44) at = space(bytes, at + 1)
  }
  return null
}
