/** Addresses of http and https: as they are asked for, and as people may see them. */
import { sluiceError } from '../errors.ts'

/**
 * Userinfo is refused: it would be a secret in a spec. What stands behind `#` never goes to a server.
 * @throws url_invalid
 */
export function parseUrl(text: string): URL {
  const refuse = (problem: string) => sluiceError('url_invalid', { url: shownText(text), problem })
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url) throw refuse('it is no URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refuse('it begins neither with https:// nor with http://')
  }
  if (url.username || url.password) {
    throw refuse('it has a user or a password in it, which belong in a connection')
  }
  url.hash = ''
  return url
}

/** Without its query, which may be a signature: what messages, names and the ledger's files have. */
export const shownUrl = ({ origin, pathname }: URL): string => origin + pathname

/** The same for a text that may be no URL, with a sign that something was left out. */
export function shownText(text: string): string {
  const shown = text.replace(/:\/\/[^/?#]*@/, '://').replace(/[?#].*$/s, '?…')
  return shown.length > 500 ? `${shown.slice(0, 500)}…` : shown
}

/** Parameters of a query that say when a signature began to hold, and for how long, or until when. */
const signatures: [from: string, seconds: string][] = [
  ['x-amz-date', 'x-amz-expires'],
  ['x-goog-date', 'x-goog-expires'],
]

/** When the signature of a presigned URL ended, if it has ended. */
export function expiredAt(url: URL, nowMs: number = Date.now()): string | null {
  const query = new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]))
  const ends = [
    ...signatures.map(([from, seconds]) => {
      const start = (query.get(from) ?? '').replace(
        /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
        '$1-$2-$3T$4:$5:$6Z',
      )
      return Date.parse(start) + 1000 * Number(query.get(seconds) ?? Number.NaN)
    }),
    // Azure has the signature in `sig`.
    query.has('sig') ? Date.parse(query.get('se') ?? '') : Number.NaN,
  ]
  const ended = ends.find((ms) => ms < nowMs)
  return ended === undefined ? null : new Date(ended).toISOString()
}
