/** Lists the objects of a bucket, page by page: no more than a page is ever held. */
import { createHash } from 'node:crypto'
import { sluiceError } from '../errors.ts'
import { Unavailable } from '../http/fault.ts'
import { patiently } from '../http/patience.ts'
import { quoted, type S3Client } from './client.ts'
import { readElements } from './xml.ts'

export interface Listed {
  key: string
  sizeBytes: number
  /** With its quotes; null where the store has none. */
  etag: string | null
  /** When it was written last; 0 where the store does not say it. */
  modifiedMs: number
}

export interface Listing {
  bucket: string
  /** What all keys begin with. */
  prefix: string
  /** Keys with a slash behind the prefix are put together to their folders. */
  byFolders: boolean
  /**
   * Given the last key of a page: a folder, up to its slash, of which no more is wanted; null for none.
   * What is left of it is jumped over.
   */
  unwantedAt?(key: string): string | null
  /** As people may see it. */
  name: string
}

export type Entry = Listed | { folder: string }

interface Page {
  entries: Entry[]
  /** The last one of its keys and folders; null for a page without any. */
  last: string | null
  isTruncated: boolean
  /** Where the store goes on. */
  token: string | null
}

/** Pages without a key, in a row: a store may have walked over what was deleted. */
const emptyPagesMax = 1000
/** Behind all keys that begin with the same text. */
const lastChar = '\u{10FFFF}'

/** @throws store_refused, source_unavailable */
export async function* listObjects(
  client: S3Client,
  listing: Listing,
  signal: AbortSignal,
): AsyncGenerator<Entry> {
  const progress = new Progress(listing.name)
  let from: Record<string, string> = {}
  while (true) {
    signal.throwIfAborted()
    const page = await patiently(signal, () => readPage(client, listing, { from, signal }))
    progress.take(page)
    yield* page.entries
    if (!page.isTruncated) return
    const unwanted = page.last === null ? null : (listing.unwantedAt?.(page.last) ?? null)
    if (unwanted !== null) from = { 'start-after': unwanted + lastChar }
    else if (page.token !== null) from = { 'continuation-token': page.token }
    else throw lost(listing.name, 'it says that there is more, and not how to go on')
  }
}

/** A store that goes round in circles would be listed for ever. */
class Progress {
  readonly #name: string
  /** Where it went on: as hashes, for a token may be long. */
  readonly #seen = new Set<string>()
  #last: Buffer | null = null
  #emptyPages = 0

  constructor(name: string) {
    this.#name = name
  }

  /** @throws store_refused */
  take({ last, token }: Page): void {
    this.#emptyPages = last === null ? this.#emptyPages + 1 : 0
    if (this.#emptyPages > emptyPagesMax) {
      throw lost(this.#name, 'it sends page after page without a key')
    }
    if (token !== null) {
      const hash = createHash('sha256').update(token).digest('base64').slice(0, 16)
      if (this.#seen.has(hash)) throw lost(this.#name, 'it goes on where it has been before')
      this.#seen.add(hash)
    }
    if (last === null) return
    const bytes = Buffer.from(last)
    if (this.#last && Buffer.compare(bytes, this.#last) <= 0) {
      throw lost(this.#name, 'its keys do not come in their order')
    }
    this.#last = bytes
  }
}

const lost = (file: string, problem: string): Error =>
  sluiceError('store_refused', {
    file,
    problem: `its list has no end: ${problem}`,
    next: 'tell whoever runs the store, or name the objects one by one',
  })

/** Makes an error of what is wrong with a page. */
type Unread = (problem: string, options?: ErrorOptions) => Error

interface Asking {
  from: Record<string, string>
  signal: AbortSignal
}

async function readPage(
  client: S3Client,
  { bucket, prefix, byFolders, name }: Listing,
  { from, signal }: Asking,
): Promise<Page> {
  const query = {
    'list-type': '2',
    // Names that XML cannot hold.
    'encoding-type': 'url',
    ...(prefix !== '' && { prefix }),
    ...(byFolders && { delimiter: '/' }),
    ...from,
  }
  const answer = await client.ask({ bucket, key: '', query, name, signal })
  const unread: Unread = (problem) => new Unavailable(name, problem)
  try {
    if (answer.status !== 200) throw unread(`it answers ${answer.status} to a list`)
    return await pageOf(answer.body, unread)
  } finally {
    await answer.drop()
  }
}

async function pageOf(body: AsyncIterable<Buffer>, unread: Unread): Promise<Page> {
  const facts = new Map<string, string>()
  const raw: Map<string, string>[] = []
  let one = new Map<string, string>()
  const root = await readElements(
    body,
    (path, text) => {
      const [parent, name] = path.split('/') as [string, string?]
      if (name === undefined && isEntry(parent)) {
        raw.push(one)
        one = new Map()
      } else if (isEntry(parent)) one.set(path, text)
      else facts.set(path, text)
    },
    unread,
  )
  if (root !== 'ListBucketResult') throw unread('what it answers is no list')
  const decode = facts.get('EncodingType') === 'url' ? decoded(unread) : (text: string) => text
  const entries = raw.map((each) => entryOf(each, decode, unread))
  const names = entries.map((entry) => ('folder' in entry ? entry.folder : entry.key))
  const last = names.reduce<string | null>(
    (most, name) =>
      most === null || Buffer.compare(Buffer.from(name), Buffer.from(most)) > 0 ? name : most,
    null,
  )
  return {
    entries,
    last,
    isTruncated: facts.get('IsTruncated') === 'true',
    token: facts.get('NextContinuationToken') || null,
  }
}

const isEntry = (element: string): boolean => element === 'Contents' || element === 'CommonPrefixes'

function entryOf(
  fields: Map<string, string>,
  decode: (text: string) => string,
  unread: Unread,
): Entry {
  const folder = fields.get('CommonPrefixes/Prefix')
  if (folder !== undefined) return { folder: decode(folder) }
  const key = fields.get('Contents/Key')
  const size = fields.get('Contents/Size') ?? ''
  if (key === undefined || !/^\d{1,15}$/.test(size)) {
    throw unread('an object in its list has no key or no size')
  }
  const etag = fields.get('Contents/ETag')
  return {
    key: decode(key),
    sizeBytes: Number(size),
    etag: etag ? quoted(etag) : null,
    modifiedMs: Date.parse(fields.get('Contents/LastModified') ?? '') || 0,
  }
}

/** AWS writes a space as `+`, and others as `%20`. */
const decoded = (unread: Unread) => (text: string) => {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'))
  } catch (cause) {
    throw unread('a key in its list is not encoded as it says', { cause })
  }
}
