/** Files that people put beside their data: they are of no format at all. */

const magics: [string, string][] = [
  ['a PDF', '%PDF-'],
  ['a picture', '\x89PNG\r\n'],
  ['a picture', '\xff\xd8\xff'],
  ['a picture', 'GIF8'],
]

/** What a file is that is surely no table, by its first bytes. */
export function documentOf(bytes: Buffer): string | null {
  const found = magics.find(([, magic]) => bytes.toString('latin1', 0, magic.length) === magic)
  return found?.[0] ?? null
}
