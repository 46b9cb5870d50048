/** A list of JSON as an array of PostgreSQL: `[1, [2, null], "a"]` is `{1,{2,NULL},"a"}`. */
import { textOf } from './jsonStrings.ts'
import { setLimit, space, stringEnd, valueEnd } from './jsonSyntax.ts'

/**
 * @param isJson elements are JSON themselves, and lists among them are
 * @returns the literal, whose syntax PostgreSQL checks: it takes no lists of different lengths
 */
export function arrayLiteral(bytes: Buffer, from: number, to: number, isJson: boolean): Buffer {
  const parts: string[] = []
  setLimit(to)
  let depth = 0
  for (let at = from; at < to; ) {
    const byte = bytes[at] as number
    if (byte === 44) parts.push(',')
    else if (byte === 93) {
      parts.push('}')
      depth--
    } else if (byte === 91 && (depth === 0 || !isJson)) {
      parts.push('{')
      depth++
    } else {
      const end = byte === 34 ? stringEnd(bytes, at + 1) + 1 : valueEnd(bytes, at)
      parts.push(element(bytes, at, end, isJson))
      at = space(bytes, end)
      continue
    }
    at = space(bytes, at + 1)
  }
  return Buffer.from(parts.join(''))
}

function element(bytes: Buffer, from: number, to: number, isJson: boolean): string {
  const first = bytes[from]
  const raw = bytes.toString('utf8', from, to)
  if (first === 110) return 'NULL'
  if (first === 34 && !isJson) return quoted(textOf(bytes, from + 1, to - 1))
  return first === 34 || first === 123 || first === 91 ? quoted(raw) : raw
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
