/**
 * Files that are surely no table by their first bytes: what people put beside their data, and data
 * in formats that are not read.
 */
import { jsonKindOf } from './jsonText.ts'

export type DocumentKind =
  | 'a PDF'
  | 'a picture'
  | 'a web page'
  | 'XML'
  | 'JSON'
  | 'NDJSON, which is JSON line by line'

const beginnings: [what: DocumentKind, bytes: RegExp][] = [
  ['a PDF', /^%PDF-/],
  ['a picture', /^(\x89PNG\r\n|\xff\xd8\xff|GIF8)/],
]

/** Behind remarks, if there are any. */
const markup: [what: DocumentKind, text: RegExp][] = [
  // Such a page often comes in place of a file, to say that there is none.
  ['a web page', /^<(!doctype\s+html|html|head|body|table)\b/i],
  ['XML', /^<(\?xml\s|!doctype\s)/i],
  // `<ticker>,<date>` is a header of CSV: behind an element of XML there is another one.
  ['XML', /^<[a-z_][\w:.-]{0,99}(\s[^<>]{0,999})?>\s{0,99}<\/?[a-z_!]/i],
]
const lookedAt = 4096

/** What the spec says of how the file is written: then it is taken at its word. */
export interface Given {
  delimiter?: string
  quote?: string
}

export function documentOf(bytes: Buffer, given: Given = {}): DocumentKind | null {
  const start = bytes.toString('latin1', 0, lookedAt)
  const found = beginnings.find(([, beginning]) => beginning.test(start))
  if (found) return found[0]
  const text = withoutRemarks(start.replace(/^\xef\xbb\xbf/, ''))
  const kind = markup.find(([, beginning]) => beginning.test(text))?.[0]
  if (kind) return kind === 'XML' && !isXml(start) ? null : kind
  if (given.delimiter !== undefined || given.quote !== undefined) return null
  const json = jsonKindOf(bytes)
  return json === 'NDJSON' ? 'NDJSON, which is JSON line by line' : json
}

/** Without its remarks in front: each of them is passed once. */
function withoutRemarks(text: string): string {
  let rest = text.trimStart()
  while (rest.startsWith('<!--')) {
    const end = rest.indexOf('-->')
    if (end < 0) return rest
    rest = rest.slice(end + 3).trimStart()
  }
  return rest
}

/** Elements end somewhere. */
const isXml = (start: string): boolean => /<[?!]|<\/|\/>/.test(start)
