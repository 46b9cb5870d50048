/** Members of zip archives: each is a file of its own, read from where it lies in the archive. */
import { crc32 } from 'node:zlib'
import type { UnpackLimits } from '../domain/unpack.ts'
import type { ListedFile } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import { readAt } from '../io/chunks.ts'
import { inflate } from '../unpack/inflate.ts'
import { packingOf } from '../unpack/packing.ts'
import { listMembers, type Place } from '../unpack/zip.ts'
import { type LocalFile, type LookedAt, openAsListed, readRange } from './localFile.ts'
import type { OpenFile } from './source.ts'

/** The file itself, or the members of the archive that it is. */
export async function* filesOf(
  { head, ...file }: LookedAt,
  path: string,
  limits: UnpackLimits | null,
): AsyncGenerator<ListedFile> {
  if (limits === null || packingOf(head) !== 'zip') {
    yield file
    return
  }
  const archive = { path, name: file.name, sizeBytes: file.sizeBytes }
  for await (const { name, sizeBytes, place } of listMembers(archive, limits)) {
    const version = [file.version, file.sizeBytes, ...Object.values(inOrder(place))].join('/')
    yield { name: `${file.name}/${name}`, sizeBytes, version, member: name }
  }
}

const inOrder = ({ offset, packedBytes, method, crc32: sum }: Place): number[] => [
  offset,
  packedBytes,
  method,
  sum,
]

/** The name of the archive that a member is in. */
export const archiveOf = ({ name, member }: ListedFile): string =>
  member == null ? name : name.slice(0, -member.length - 1)

/**
 * Opens a member. Its version says where it lies, so the archive's directory is not read again.
 * @throws file_vanished, file_changed, file_unreadable
 */
export async function openMember(path: string, file: ListedFile): Promise<OpenFile> {
  const [version = '', ...numbers] = file.version.split('/')
  const [archiveBytes, offset, packedBytes, method, sum] = numbers.map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  const archive = { name: archiveOf(file), sizeBytes: archiveBytes, version }
  const handle = await openAsListed(path, archive)
  const place = { offset, packedBytes, method, crc32: sum }
  return {
    path: null,
    packing: 'zip',
    read: (signal) => readMember({ handle, path, file: archive }, { file, place }, signal),
    close: () => handle.close(),
  }
}

const headerBytes = 30
const headerStart = 0x04034b50

/** @throws packed_file_damaged */
async function* readMember(
  archive: LocalFile,
  { file, place }: { file: ListedFile; place: Place },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const damaged = (problem: string) =>
    sluiceError('packed_file_damaged', { file: file.name, problem })
  const header = await readAt(archive.handle, Buffer.alloc(headerBytes), place.offset)
  if (header.length < headerBytes || header.readUInt32LE(0) !== headerStart) {
    throw damaged('it is not where the archive says')
  }
  const start = place.offset + headerBytes + header.readUInt16LE(26) + header.readUInt16LE(28)
  const end = start + place.packedBytes
  if (end > archive.file.sizeBytes) throw damaged('it is cut short')
  const packed = readRange(archive, { start, end }, signal)
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
