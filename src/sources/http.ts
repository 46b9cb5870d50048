/** Source `http`: files that servers have, by their addresses. */
import { type Static, Type } from 'typebox'
import { type HttpConnection, headersOf, isWithin } from '../connections/http.ts'
import { ConnectionName } from '../connections/name.ts'
import { mustBePath } from '../domain/sourcePath.ts'
import { UploadName } from '../domain/upload.ts'
import { sluiceError } from '../errors.ts'
import { isFirm } from '../http/pin.ts'
import { type Probed, probe } from '../http/probe.ts'
import { readAhead } from '../http/readAhead.ts'
import { readFile } from '../http/readFile.ts'
import type { Ask } from '../http/transport.ts'
import { expiredAt, parseUrl, shownText, shownUrl } from '../http/url.ts'
import { mapOrdered } from '../io/mapOrdered.ts'
import type { OpenFile } from '../io/openFile.ts'
import { directory } from './directory.ts'
import type { Found, Given, Source, SourceDeps, SourceKind } from './source.ts'
import { upload } from './upload.ts'
import { readUrlList, type UrlList } from './urlList.ts'
import { createNames } from './urlNames.ts'

const Url = Type.String({ minLength: 1, maxLength: 8192 })

const List = Type.Object(
  {
    url: Type.Optional(Url),
    path: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
    upload: Type.Optional(UploadName),
  },
  {
    additionalProperties: false,
    description:
      'Where a file lies that has an address a line, in place of `url`: one of the three.',
  },
)

const options = Type.Object(
  {
    kind: Type.Literal('http'),
    url: Type.Optional(
      Type.Union([Url, Type.Array(Url, { minItems: 1, maxItems: 10_000 })], {
        description: 'The address of a file, or several. Its query is shown nowhere.',
      }),
    ),
    list: Type.Optional(List),
    connection: Type.Optional(
      ConnectionName('The connection that has the login. Its url begins all of the addresses.'),
    ),
  },
  { additionalProperties: false, description: 'Files that the worker reads over HTTP.' },
)
type Options = Static<typeof options>
type Deps = Omit<SourceDeps, 'unpack'>

const looksAtOnce = 8

/** How large a file is taken to be whose server does not say it: too large for a small ingest. */
const unsizedBytes = 64 * 1024 * 1024

/** Finds a file again, and says what must not have changed. It is the version of the file, as JSON. */
interface Version {
  /** Which of the addresses it is, counted from 0. */
  at: number
  etag?: string
  modified?: string
  ranges?: true
  /** Its server does not say its size. */
  unsized?: true
  /** What the list of the addresses hashes to. */
  list?: string
}

export const http = {
  options,
  schemes: ['https', 'http'],
  ofAddresses: (urls: string[], { connection }: Given): Options => ({
    kind: 'http',
    url: urls.length === 1 ? (urls[0] as string) : urls,
    ...(connection !== undefined && { connection }),
  }),
  paths: ({ url, list }: Options) => [
    ...[url ?? []].flat().map((text) => shownUrl(new URL(text))),
    ...(list ? [list.path ?? list.upload ?? shownText(list.url as string)] : []),
  ],
  // Each address is one that the client, or its list, has named.
  named: () => () => true,
  shown: ({ url, list, ...spec }: Options): Options => ({
    ...spec,
    ...(url !== undefined && { url: Array.isArray(url) ? url.map(shownText) : shownText(url) }),
    ...(list && { list: list.url === undefined ? list : { url: shownText(list.url) } }),
  }),
  checkOptions({ url, list }: Options) {
    const refuse = (problem: string) => sluiceError('spec_invalid', { problem })
    if ((url === undefined) === (list === undefined)) {
      throw refuse('source has either url or list, and not both')
    }
    if (list && Object.keys(list).length !== 1) {
      throw refuse('source.list has one of url, path and upload')
    }
    if (list?.path !== undefined) mustBePath(list.path)
    for (const text of [url ?? [], list?.url ?? []].flat()) parseUrl(text)
  },
  async check({ list }: Options, deps: Pick<SourceDeps, 'uploads'>) {
    if (list?.upload !== undefined)
      await upload.check({ kind: 'upload', uploads: [list.upload] }, deps)
  },
  needsToken: true,
  open(spec: Options, deps: Deps): Source {
    const ask = asking(spec, deps)
    let known: Promise<UrlList> | null = null
    const addresses = (signal: AbortSignal) => {
      known ??= addressesOf(spec, deps, signal)
      return known
    }
    return {
      async *list(signal) {
        const { urls, sha256 } = await addresses(signal)
        const nameOf = createNames()
        const look = async (url: URL) => ({
          url,
          seen: await probe(ask(url), shownUrl(url), signal),
        })
        let at = 0
        for await (const { url, seen } of mapOrdered(urls, looksAtOnce, look)) {
          signal.throwIfAborted()
          yield toFound(nameOf(url, seen.disposition), seen, { at: at++, list: sha256 })
        }
      },
      async open(file, signal) {
        signal.throwIfAborted()
        const version = JSON.parse(file.version) as Version
        const { urls, sha256 } = await addresses(signal)
        const url = urls[version.at]
        if (url && sha256 === version.list) return openPinned(ask(url), file, { version, signal })
        const problem = `the list of addresses, ${http.paths(spec).join(', ')}, is another one`
        throw sluiceError('file_changed', { file: file.name, problem })
      },
    }
  },
} satisfies SourceKind<Options>

/** @throws what reading the list throws, url_list_invalid */
async function addressesOf(spec: Options, deps: Deps, signal: AbortSignal): Promise<UrlList> {
  const { url, list } = spec
  return list
    ? readUrlList(listSource(list, spec, deps), signal)
    : { urls: [url ?? []].flat().map(parseUrl), sha256: undefined }
}

/** The list is a file of any source. */
function listSource(
  { url = '', path, upload: name }: Static<typeof List>,
  { connection }: Options,
  deps: Deps,
): Source {
  if (path !== undefined) return directory.open({ kind: 'directory', path }, deps)
  if (name !== undefined) return upload.open({ kind: 'upload', uploads: [name] }, deps)
  return http.open(http.ofAddresses([url], { connection }), deps)
}

/** How a file is asked for: with the login of its connection, and no server but that one's. */
function asking({ connection: name }: Options, { transport, connections }: Deps) {
  let known: Promise<HttpConnection | null> | null = null
  const login = () => {
    known ??= name === undefined ? Promise.resolve(null) : connections.get(name, 'http')
    return known
  }
  return (url: URL): Ask =>
    async (headers, signal) => {
      const own = await login()
      const refuse = (problem: string) =>
        sluiceError('url_invalid', { url: shownUrl(url), problem })
      if (own && !isWithin(own, url)) throw refuse(`it is not below the url of connection ${name}`)
      const answer = await transport.send({
        url,
        headers,
        secrets: own ? headersOf(own) : {},
        signal,
      })
      const ended = [400, 401, 403].includes(answer.status) ? expiredAt(url) : null
      if (ended === null) return answer
      await answer.drop()
      const problem = `it answers ${answer.status}, and the signature of the address ended at ${ended}`
      throw sluiceError('source_refused', { file: shownUrl(url), problem })
    }
}

function toFound(
  name: string,
  { pin: { sizeBytes, ...validators }, ranges, head }: Probed,
  { at, list }: { at: number; list: string | undefined },
): Found {
  const version: Version = {
    at,
    ...validators,
    ...(ranges && { ranges }),
    ...(sizeBytes === null && { unsized: true }),
    ...(list !== undefined && { list }),
  }
  const size = sizeBytes ?? unsizedBytes
  return { name, sizeBytes: size, version: JSON.stringify(version), head, place: at }
}

function openPinned(
  ask: Ask,
  { name, sizeBytes }: { name: string; sizeBytes: number },
  { version, signal }: { version: Version; signal: AbortSignal },
): OpenFile {
  const { etag, modified, unsized, ranges = false } = version
  const validators = {
    ...(etag !== undefined && { etag }),
    ...(modified !== undefined && { modified }),
  }
  const file = { name, pin: { ...validators, sizeBytes: unsized ? null : sizeBytes } }
  return {
    link: null,
    ranges,
    ...(!isFirm(file.pin) && { isLoose: true }),
    read: (range) => (ranges ? readAhead : readFile)(ask, file, { range, signal }),
    close: async () => {},
  }
}
