/** The spool of an ingest. What two attempts keep of a key are the same bytes, and either may be read. */
import { sluiceError } from '../../errors.ts'
import type { Spool } from '../../io/spool.ts'
import { readParts, sizeOf } from './parts.ts'
import { folderOf } from './staged.ts'
import { fromList, type Store, toList, writeWhole } from './whole.ts'

export function s3Spool(store: Store, ingestId: string): Spool {
  const { bucket } = store
  const folder = (key: string) => `${folderOf(ingestId)}spool-${key}/`
  return {
    async put(key, bytes) {
      const file = `what is unpacked of ${ingestId}`
      const { base, parts } = await writeWhole(store, folder(key), bytes, { file })
      const kept = { base, parts: toList(parts) }
      await bucket.put(`${folder(key)}kept.json`, Buffer.from(JSON.stringify(kept)), file)
    },
    async open(key, name, signal) {
      signal.throwIfAborted()
      const found = await bucket.get(`${folder(key)}kept.json`, name)
      if (!found) return null
      const { base, parts } = JSON.parse(found.bytes.toString())
      const stored = fromList(base, parts)
      const sizeBytes = sizeOf(stored.parts)
      const gone = (problem: string) => sluiceError('staged_file_damaged', { file: name, problem })
      return {
        sizeBytes,
        opened: {
          link: null,
          ranges: true,
          read: (range = { start: 0, end: sizeBytes }) =>
            readParts(bucket, stored, { range, name, gone, signal }),
          close: async () => {},
        },
      }
    },
  }
}
