/** Source `s3`: objects of a store, by their addresses, the folders and the globs of their keys. */
import { type Static, Type } from 'typebox'
import { ConnectionName } from '../connections/name.ts'
import { mayRead, storeOf } from '../connections/s3.ts'
import { selectionOf, selectionProperties } from '../domain/selection.ts'
import { sluiceError } from '../errors.ts'
import { probe } from '../http/probe.ts'
import { readAhead } from '../http/readAhead.ts'
import type { Ask } from '../http/transport.ts'
import type { OpenFile } from '../io/openFile.ts'
import { parseAddress, type S3Address, showAddress } from '../s3/address.ts'
import { createClient, type S3Client } from '../s3/client.ts'
import { findKeys, isGlob, keysOfFolder, keysOfGlob } from './s3Keys.ts'
import type { Found, Given, OnLeftOut, Source, SourceDeps, SourceKind } from './source.ts'

const Url = Type.String({ minLength: 6, maxLength: 8192 })

const options = Type.Object(
  {
    kind: Type.Literal('s3'),
    url: Type.Union([Url, Type.Array(Url, { minItems: 1, maxItems: 10_000 })], {
      description: 'An object, a folder or a glob, like s3://bucket/2026/**/*.csv; or several.',
    }),
    connection: Type.Optional(
      ConnectionName('The connection that has the store and the keys; absent for AWS.'),
    ),
    ...selectionProperties,
  },
  { additionalProperties: false, description: 'Objects that the worker reads from S3.' },
)
type Options = Static<typeof options>

/** What must still hold of an object when it is read. It is the version of the file, as JSON. */
interface Version {
  etag: string
  /** Where the bucket keeps versions, and the object was named itself. */
  id?: string
}

export const s3 = {
  options,
  schemes: ['s3'],
  ofAddresses: (urls: string[], { connection }: Given): Options => ({
    kind: 's3',
    url: urls.length === 1 ? (urls[0] as string) : urls,
    ...(connection !== undefined && { connection }),
  }),
  paths: ({ url }: Options) => [url].flat(),
  named({ url }: Options) {
    const names = new Set(
      [url].flat().map((text) => showAddress(keyOf(text) ?? parseAddress(text))),
    )
    return (name: string) => names.has(name)
  },
  checkOptions(spec: Options) {
    for (const text of [spec.url].flat()) parseAddress(text)
    selectionOf(spec)
  },
  needsToken: true,
  open(spec: Options, deps: Deps): Source {
    const selection = selectionOf(spec)
    let known: Promise<Access> | null = null
    const access = () => {
      known ??= accessOf(spec, deps)
      return known
    }
    return {
      async *list(signal, onLeftOut) {
        const allowed = await access()
        for (const text of [spec.url].flat()) {
          let isFound = false
          for await (const file of find(text, allowed, { signal, onLeftOut })) {
            signal.throwIfAborted()
            isFound = true
            const why = selection.why(file)
            if (why === null) yield { ...file, place: selection.place(file) }
            else onLeftOut?.(file.name, why)
          }
          if (!isFound) throw sluiceError('source_empty', { path: text })
        }
      },
      async open({ name, sizeBytes, version }, signal) {
        signal.throwIfAborted()
        const object = parseAddress(name)
        const client = (await access()).of(object, false)
        return openPinned(client, object, {
          sizeBytes,
          signal,
          ...(JSON.parse(version) as Version),
        })
      },
    }
  },
} satisfies SourceKind<Options>

type Deps = Pick<SourceDeps, 'transport' | 'connections'>

interface Access {
  /** The client, for what the connection is for: see mayRead. @throws url_invalid */
  of(address: S3Address, isBegin: boolean): S3Client
}

async function accessOf({ connection }: Options, deps: Deps): Promise<Access> {
  const { transport, connections } = deps
  const given = connection === undefined ? null : await connections.get(connection, 's3')
  const client = createClient(storeOf(given, connections.variable), transport)
  return {
    of(address, isBegin) {
      if (given === null || mayRead(given, address, isBegin)) return client
      const problem = `it is not below the url of connection ${connection}`
      throw sluiceError('url_invalid', { url: showAddress(address), problem })
    },
  }
}

type File = Omit<Found, 'place'> & { modifiedMs: number }

interface Finding {
  signal: AbortSignal
  onLeftOut: OnLeftOut | undefined
}

/** The objects that an address stands for. @throws what opening and listing throw, glob_invalid */
async function* find(text: string, access: Access, finding: Finding): AsyncGenerator<File> {
  const object = keyOf(text)
  if (object && object.key !== '' && !object.key.endsWith('/')) {
    const found = await look(access.of(object, false), object, finding.signal)
    if (found) {
      yield found
      return
    }
  }
  const { bucket, key } = object ?? parseAddress(text)
  const keys = object ? keysOfFolder(key) : keysOfGlob(key, refuse(text))
  const client = access.of({ bucket, key: keys.prefix }, true)
  const onLeftOut = object ? finding.onLeftOut : undefined
  const wanted = { bucket, keys, name: text }
  for await (const found of findKeys(client, wanted, { ...finding, onLeftOut })) {
    const name = showAddress({ bucket, key: found.key })
    if (found.etag === null) throw noETag(name)
    const version: Version = { etag: found.etag }
    const { sizeBytes, modifiedMs } = found
    yield { name, sizeBytes, version: JSON.stringify(version), modifiedMs }
  }
}

const refuse = (path: string) => (problem: string) => sluiceError('glob_invalid', { path, problem })

/** Without the signs that stand before those of a glob; null for a glob. @throws glob_invalid */
function keyOf(text: string): S3Address | null {
  const { bucket, key } = parseAddress(text)
  return isGlob(key, refuse(text)) ? null : { bucket, key: key.replace(/\\(.)/gs, '$1') }
}

/** One request tells all of an object: its size, its ETag, its version, and how it begins. */
async function look(
  client: S3Client,
  object: S3Address,
  signal: AbortSignal,
): Promise<File | null> {
  const name = showAddress(object)
  let id: string | null = null
  let isThere = true
  const ask: Ask = async (headers, signal) => {
    const answer = await client.ask({ ...object, name, headers, signal })
    isThere = answer.status !== 404
    id = answer.header('x-amz-version-id')
    return answer
  }
  const seen = await probe(ask, name, signal).catch((error) => {
    if (isThere) throw error
  })
  if (!seen) return null
  const { etag, sizeBytes, modified = '' } = seen.pin
  if (etag === undefined) throw noETag(name)
  if (sizeBytes === null) throw noSize(name)
  // Before a bucket keeps versions, that of its objects is called null: it may be written over.
  const version: Version = { etag, ...(id !== null && id !== 'null' && { id }) }
  const modifiedMs = Date.parse(modified) || 0
  return { name, sizeBytes, version: JSON.stringify(version), modifiedMs, head: seen.head }
}

const noETag = (file: string): Error => notTold(file, 'it tells no ETag of it')
const noSize = (file: string): Error => notTold(file, 'it does not tell how long it is')
const notTold = (file: string, problem: string): Error =>
  sluiceError('store_refused', {
    file,
    problem: `${problem}, so that a change could not be seen`,
    next: 'have the store tell it',
  })

interface Pinned extends Version {
  sizeBytes: number
  signal: AbortSignal
}

function openPinned(
  client: S3Client,
  object: S3Address,
  { sizeBytes, etag, id, signal }: Pinned,
): OpenFile {
  const name = showAddress(object)
  const query = id === undefined ? {} : { versionId: id }
  const ask: Ask = (headers, signal) => client.ask({ ...object, name, query, headers, signal })
  const file = { name, pin: { etag, sizeBytes } }
  return {
    link: null,
    ranges: true,
    read: (range) => readAhead(ask, file, { range, signal }),
    close: async () => {},
  }
}
