/** The bytes of one member of a zip archive, from where they lie in it. */
import { crc32 } from 'node:zlib'
import type { ListedFile } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import { readAll } from '../io/chunks.ts'
import type { OpenFile } from '../io/openFile.ts'
import { inflate } from './inflate.ts'
import type { Place } from './zip.ts'

const headerBytes = 30
const headerStart = 0x04034b50

/**
 * Unpacks a member, and holds it to what the archive's directory says of it.
 * @throws packed_file_damaged
 */
export async function* readMember(
  archive: OpenFile,
  file: Pick<ListedFile, 'name' | 'sizeBytes'>,
  { archiveBytes, place }: { archiveBytes: number; place: Place },
): AsyncGenerator<Buffer> {
  const damaged = (problem: string) =>
    sluiceError('packed_file_damaged', { file: file.name, problem })
  const at = { start: place.offset, end: Math.min(place.offset + headerBytes, archiveBytes) }
  const header = await readAll(archive.read(at), headerBytes)
  if (header.length < headerBytes || header.readUInt32LE(0) !== headerStart) {
    throw damaged('it is not where the archive says')
  }
  const start = place.offset + headerBytes + header.readUInt16LE(26) + header.readUInt16LE(28)
  const end = start + place.packedBytes
  if (end > archiveBytes) throw damaged('it is cut short')
  const packed = archive.read({ start, end })
  let bytes = 0
  let sum = 0
  for await (const chunk of place.method === 0 ? packed : inflate(packed, file.name)) {
    bytes += chunk.length
    if (bytes > file.sizeBytes) throw damaged(`it is larger than ${file.sizeBytes} bytes`)
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (bytes !== file.sizeBytes) throw damaged(`it had ${file.sizeBytes} bytes and has ${bytes}`)
  if (sum !== place.crc32) throw damaged('its checksum is another one')
}
