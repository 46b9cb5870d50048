/** Names of encodings that people mean: for a name that is none. */

const names = `utf-8 utf-16le utf-16be utf-32le utf-32be latin1 latin2 latin9 iso-8859-1 iso-8859-2
  iso-8859-5 iso-8859-7 iso-8859-9 iso-8859-15 windows-874 windows-1250 windows-1251 windows-1252
  windows-1253 windows-1254 windows-1255 windows-1256 windows-1257 windows-1258 cp437 cp850 cp852
  cp866 cp1252 koi8-r koi8-u macroman macintosh shift_jis euc-jp euc-kr gbk gb2312 gb18030 big5
  big5-hkscs ascii`.split(/\s+/)

const shownMax = 3

/** @param plain letters and digits only, in lower case, at most 40 */
export function similarEncodings(plain: string): string {
  const byDistance = names
    .map((name) => ({ name, distance: distanceOf(plain, name.replace(/[^0-9a-z]/g, '')) }))
    .sort((a, b) => a.distance - b.distance)
  const [nearest] = byDistance
  const isFar = !nearest || nearest.distance * 2 > plain.length
  const found = isFar
    ? ['utf-8', 'utf-16le', 'windows-1252']
    : byDistance.slice(0, shownMax).map(({ name }) => name)
  return `${found.slice(0, -1).join(', ')} and ${found.at(-1)}`
}

/** How many characters must be put in, taken out or changed (Levenshtein). */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
