/** The same files into the same table once more. */
import { createHash } from 'node:crypto'
import type { ListedFile } from '../../domain/words.ts'
import type { Connection } from '../db.ts'

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

/** The newest other ingest that has published the same files into the same target. */
export async function publishedBefore(tx: Connection, ingestId: string): Promise<string | null> {
  const { rows } = await tx.query<{ earlier: string }>(
    `select e.ingest_id as earlier
     from sluice.ingests i
     join sluice.ingests e on e.fingerprint = i.fingerprint and e.target = i.target
     where i.ingest_id = $1 and e.ingest_id <> $1 and e.published_at is not null
     order by e.published_at desc
     limit 1`,
    [ingestId],
  )
  return rows[0]?.earlier ?? null
}
