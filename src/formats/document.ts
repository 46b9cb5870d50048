/** Files that people put beside their data: they are of no format at all. */

const beginnings: [what: string, bytes: RegExp][] = [
  ['a PDF', /^%PDF-/],
  ['a picture', /^(\x89PNG\r\n|\xff\xd8\xff|GIF8)/],
  // Such a page often comes in place of a file, to say that there is none.
  ['a web page', /^(\xef\xbb\xbf)?\s{0,99}<(!doctype\s+html|html)\b/i],
  ['XML', /^(\xef\xbb\xbf)?\s{0,99}<\?xml\s/i],
]
const lookedAt = 128

/** What a file is that is surely no table, by its first bytes. */
export function documentOf(bytes: Buffer): string | null {
  const start = bytes.toString('latin1', 0, lookedAt)
  return beginnings.find(([, beginning]) => beginning.test(start))?.[0] ?? null
}
