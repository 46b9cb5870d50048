/**
 * An app with two steps: `unpack` makes a CSV file of a compressed one, which the load then sees;
 * `checksum` writes nothing and leaves a small result in the ledger.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { defineStep } from 'sluice'

export const unpack = defineStep({
  name: 'unpack',
  timeout: '10m',
  async run(file, { scratch, signal, log }) {
    if (!file.name.endsWith('.gz')) return
    const unpacked = join(scratch, 'unpacked')
    await pipeline(createReadStream(file.path), createGunzip(), createWriteStream(unpacked), {
      signal,
    })
    log.info(`unpacked ${file.name}`)
    return { file: unpacked }
  },
})

export const checksum = defineStep({
  name: 'checksum',
  queue: 'video_tasks',
  timeout: '1h',
  retry: { maximumAttempts: 5, initialInterval: '2s' },
  async run(file, { signal, progress }) {
    const hash = createHash('md5')
    let read = 0
    for await (const chunk of createReadStream(file.path, { signal })) {
      hash.update(chunk)
      read += chunk.length
      progress(read / file.sizeBytes)
    }
    return { result: { md5: hash.digest('hex'), bytes: read } }
  },
})
