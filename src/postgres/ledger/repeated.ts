/** The same files into the same table once more. */
import { createHash } from 'node:crypto'
import type { ListedFile } from '../../domain/words.ts'

/**
 * Grows with the list of the files: they are the same if their names, sizes and versions are, or
 * their bytes where those are known by a hash. The name of an upload is another one each time.
 */
export class Fingerprint {
  readonly #hash = createHash('sha256')

  add({ name, sizeBytes, version, member }: ListedFile, sha256: string | null): void {
    const identity = sha256 === null ? [name, sizeBytes, version] : [member ?? null, sha256]
    this.#hash.update(`${JSON.stringify(identity)}\n`)
  }

  toString(): string {
    return this.#hash.copy().digest('hex')
  }
}

/** The newest other ingest that has published the same files into the target of the ingest `i`. */
export const publishedBefore = `
  select e.ingest_id from sluice.ingests e
  where e.fingerprint = i.fingerprint and e.target = i.target and e.ingest_id <> i.ingest_id
    and e.published_at is not null and e.state <> 'undone'
  order by e.published_at desc limit 1`
