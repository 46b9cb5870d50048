/** The lists of a store that lies: pages of keys, as XML. */
import { createHash } from 'node:crypto'
import type { ErrorAnswer } from './signature.ts'

/** Keys in their order, without there being a list of them. */
export interface KeyList {
  count: number
  keyAt(index: number): string
  /** The index of the first key behind a text. */
  behind(text: string): number
}

export interface ListLies {
  error?: ErrorAnswer
  /** Bytes of the page that are sent. */
  cutAfter?: number
  /** In place of the place to go on; null for none. */
  token?: string | null
  /** Answers as if nothing had been said of where to go on. */
  fromStart?: true
  noKeys?: true
  /** The whole answer. */
  xml?: string
  /** Encodes no keys, whatever was asked for. */
  isRaw?: true
}

export interface Listable {
  list: KeyList
  pageSize: number
  /** What a key leads to; absent for what is the same for all. */
  of(key: string): { sizeBytes: number; version: number; writtenMs?: number } | undefined
}

export function pageOf(query: URLSearchParams, lies: ListLies, listable: Listable): string {
  const { items, at, last } = itemsOf(query, lies, listable)
  const isTruncated = at < listable.list.count || lies.noKeys || lies.token !== undefined
  // The same place in other letters, where there was no key in between.
  const place = `${Buffer.from(last).toString('base64')}${lies.noKeys ? '=' : ''}`
  const next = lies.token === undefined ? place : lies.token
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name>',
    isUrlEncoded(query, lies) ? '<EncodingType>url</EncodingType>' : '',
    `<IsTruncated>${isTruncated === true}</IsTruncated>`,
    isTruncated && next !== null ? `<NextContinuationToken>${next}</NextContinuationToken>` : '',
    ...items,
    '</ListBucketResult>',
  ].join('')
}

const isUrlEncoded = (query: URLSearchParams, { isRaw }: ListLies): boolean =>
  query.get('encoding-type') === 'url' && !isRaw

function itemsOf(query: URLSearchParams, lies: ListLies, { list, pageSize, of }: Listable) {
  const prefix = query.get('prefix') ?? ''
  const token = query.get('continuation-token')
  const after = token === null ? query.get('start-after') : Buffer.from(token, 'base64').toString()
  const code = isUrlEncoded(query, lies) ? urlCode : escaped
  const items: string[] = []
  let last = after ?? ''
  let at = after === null || lies.fromStart ? 0 : list.behind(after)
  for (; at < list.count && items.length < pageSize && !lies.noKeys; at++) {
    const key = list.keyAt(at)
    if (!key.startsWith(prefix)) continue
    const folder = folderOf(key, prefix, query.get('delimiter'))
    if (folder === null) items.push(contents(code(key), of(key)))
    else if (!last.startsWith(folder)) {
      items.push(`<CommonPrefixes><Prefix>${code(folder)}</Prefix></CommonPrefixes>`)
    }
    last = key
  }
  return { items, at, last }
}

function folderOf(key: string, prefix: string, delimiter: string | null): string | null {
  const cut = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length)
  return cut < 0 ? null : key.slice(0, cut + 1)
}

function contents(
  key: string,
  found: ReturnType<Listable['of']> = { sizeBytes: /(\/|\$|%24)$/.test(key) ? 0 : 7, version: 0 },
): string {
  const written = new Date(found.writtenMs ?? Date.UTC(2026, 0, 2, 3, 4, 5)).toISOString()
  const etag = createHash('md5').update(`${found.version}`).digest('hex')
  return [
    `<Contents><Key>${key}</Key><LastModified>${written}</LastModified>`,
    `<ETag>&quot;${etag}&quot;</ETag><Size>${found.sizeBytes}</Size></Contents>`,
  ].join('')
}

/** A space as AWS writes it. */
const urlCode = (key: string): string =>
  encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/')

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export function listOf(keys: Iterable<string>): KeyList {
  const all = [...keys].map((key) => Buffer.from(key)).sort(Buffer.compare)
  const behind = (text: string) => {
    const found = all.findIndex((key) => Buffer.compare(key, Buffer.from(text)) > 0)
    return found < 0 ? all.length : found
  }
  return { count: all.length, keyAt: (index) => `${all[index]}`, behind }
}
