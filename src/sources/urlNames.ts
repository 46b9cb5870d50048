/** What files are called that are named by addresses. */
import { cleanText } from '../errors/clean.ts'
import { shownUrl } from '../http/url.ts'

/**
 * An address without its query; the name that its server gives stands behind `#`, which never goes to
 * a server. Addresses that differ in their query only have a number there.
 */
export function createNames(): (url: URL, disposition: string | null) => string {
  const seen = new Map<string, number>()
  return (url, disposition) => {
    const base = shownUrl(url)
    const count = (seen.get(base) ?? 0) + 1
    seen.set(base, count)
    const given = disposition === null ? null : fileNameIn(disposition)
    const own = given === null || isEnd(base, given) ? [] : [given]
    const parts = [...(count > 1 ? [String(count)] : []), ...own]
    return parts.length > 0 ? `${base}#${parts.join('/')}` : base
  }
}

const isEnd = (base: string, name: string): boolean =>
  base.endsWith(`/${name}`) || base.endsWith(`/${encodeURIComponent(name)}`)

/** The name of a file in Content-Disposition, without folders. */
function fileNameIn(disposition: string): string | null {
  const [, extended] = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition) ?? []
  const [, quoted] = /;\s*filename\s*=\s*"((?:[^"\\]|\\.){1,1000})"/i.exec(disposition) ?? []
  const [, token] = /;\s*filename\s*=\s*([^";\s]+)/i.exec(disposition) ?? []
  const text = decoded(extended) ?? quoted?.replace(/\\(.)/g, '$1') ?? token ?? ''
  const name = cleanText(text.slice(0, 1000))
    .replace(/^.*[/\\]/s, '')
    .replace(/\s+/g, ' ')
    .trim()
  return name === '' || /^\.+$/.test(name) ? null : name.slice(-200)
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text)
  } catch {
    return undefined
  }
}
