/**
 * Staged files of an ingest. The version of one names where it lies and its ETag: that of its only
 * object, or of the list of its parts, which tells the ETag of each.
 */
import { sluiceError } from '../../errors.ts'
import type { Range } from '../../io/openFile.ts'
import type { Staged, StagedFile, StagedState } from '../stage.ts'
import type { Bucket } from './bucket.ts'
import { readParts, type StoredFile } from './parts.ts'
import { fromList, type Store, toList, type Written, writeWhole } from './whole.ts'

/** Lists of parts that are kept: those of the files that are read at this moment. */
const listsMax = 8

export const folderOf = (ingestId: string): string => `ingests/${ingestId}/`

const nameOf = ({ fileNo, stagedAs }: StagedFile): string => stagedAs ?? String(fileNo)
const baseOf = (file: StagedFile): string => `${folderOf(file.ingestId)}${nameOf(file)}/`

export class StagedFiles {
  readonly #store: Store
  readonly #lists = new Map<string, Promise<StoredFile>>()

  constructor(store: Store) {
    this.#store = store
  }

  async put(
    file: StagedFile,
    bytes: AsyncIterable<Buffer>,
    tap: (chunk: Buffer) => void,
  ): Promise<Staged> {
    const named = `file ${nameOf(file)} of ${file.ingestId}`
    const written = await writeWhole(this.#store, baseOf(file), bytes, { file: named, tap })
    const { sizeBytes } = written
    return { sizeBytes, version: await this.#versionOf(file, written, named) }
  }

  async *read(file: StagedFile & StagedState, range: Range): AsyncGenerator<Buffer> {
    if (range.start >= range.end) return
    const gone = (problem: string) =>
      sluiceError('staged_file_damaged', { file: file.name, problem })
    const { name } = file
    yield* readParts(this.#store.bucket, await this.#stored(file, gone), { range, name, gone })
  }

  async #versionOf(file: StagedFile, { base, parts }: Written, named: string): Promise<string> {
    const place = base.slice(baseOf(file).length, -1)
    const [only, ...others] = parts
    if (only && others.length === 0) return `one ${place} ${only.etag}`
    const list = Buffer.from(JSON.stringify(toList(parts)))
    return `list ${place} ${await this.#store.bucket.put(`${base}parts.json`, list, named)}`
  }

  async #stored(
    file: StagedFile & StagedState,
    gone: (problem: string) => Error,
  ): Promise<StoredFile> {
    const { stagedVersion, sizeBytes } = file
    const [kind, place, etag] = /^(one|list) (\S+) (.*)$/.exec(stagedVersion)?.slice(1) ?? []
    if (etag === undefined) throw gone('it was staged in another stage')
    const base = `${baseOf(file)}${place}/`
    if (kind === 'one') return { base, parts: [{ sizeBytes, etag }] }
    const kept = this.#lists.get(base)
    if (kept) return kept
    const read = readList(this.#store.bucket, base, { etag, name: file.name, gone })
    this.#lists.set(base, read)
    read.catch(() => this.#lists.delete(base))
    const [oldest] = this.#lists.keys()
    if (this.#lists.size > listsMax && oldest !== undefined) this.#lists.delete(oldest)
    return read
  }
}

interface ListOf {
  etag: string
  name: string
  gone(problem: string): Error
}

async function readList(
  bucket: Bucket,
  base: string,
  { etag, name, gone }: ListOf,
): Promise<StoredFile> {
  const found = await bucket.get(`${base}parts.json`, name)
  if (!found) throw gone('the list of its parts is gone')
  if (found.etag !== etag) throw gone('the list of its parts was replaced')
  return fromList(base, JSON.parse(found.bytes.toString()))
}
