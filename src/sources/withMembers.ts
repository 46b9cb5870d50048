/** Makes the members of zip archives files of their own, read from where they lie in the archive. */
import { crc32 } from 'node:zlib'
import type { UnpackLimits } from '../domain/unpack.ts'
import type { ListedFile } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import { readAll } from '../io/chunks.ts'
import type { OpenFile } from '../io/openFile.ts'
import { inflate } from '../unpack/inflate.ts'
import { packingOf } from '../unpack/packing.ts'
import { listMembers, type Place } from '../unpack/zip.ts'
import type { Found, Source } from './source.ts'

/** The same source, with the members of an archive in place of the archive. */
export const withMembers = (source: Source, limits: UnpackLimits): Source => ({
  async *list(signal, onLeftOut) {
    for await (const file of source.list(signal, onLeftOut)) {
      if (packingOf(await headOf(source, file, signal)) !== 'zip') yield file
      else yield* membersOf(source, file, { limits, signal })
    }
  },
  open: (file, signal) =>
    file.member == null ? source.open(file, signal) : openMember(source, file, signal),
  // A member counts as its archive does.
  sha256: async (file) =>
    (await source.sha256?.(file.member == null ? file : archiveAt(file).archive)) ?? null,
})

const headBytes = 4

async function headOf(source: Source, file: Found, signal: AbortSignal): Promise<Buffer> {
  if (file.head) return file.head
  const opened = await source.open(file, signal)
  try {
    const range = { start: 0, end: Math.min(headBytes, file.sizeBytes) }
    // A source without ranges gives all bytes, of which the first chunk is read.
    for await (const chunk of opened.ranges ? opened.read(range) : opened.read())
      return Buffer.from(chunk)
    return Buffer.alloc(0)
  } finally {
    await opened.close()
  }
}

async function* membersOf(
  source: Source,
  archive: Found,
  { limits, signal }: { limits: UnpackLimits; signal: AbortSignal },
): AsyncGenerator<Found> {
  const { place, version } = archive
  const opened = await source.open(archive, signal)
  try {
    const { name: file, sizeBytes: archiveBytes } = archive
    mustHaveRanges(opened, file)
    for await (const member of listMembers(opened, { file, archiveBytes }, limits)) {
      signal.throwIfAborted()
      const { name, sizeBytes } = member
      const parts = [version, archiveBytes, ...inOrder(member.place)]
      yield { name: `${file}/${name}`, sizeBytes, version: parts.join('/'), member: name, place }
    }
  } finally {
    await opened.close()
  }
}

function mustHaveRanges({ ranges }: OpenFile, file: string): void {
  const problem = 'it is a zip archive, and its source cannot read a part of a file'
  if (!ranges) throw sluiceError('packing_unsupported', { file, problem })
}

const inOrder = ({ offset, packedBytes, method, crc32: sum }: Place): number[] => [
  offset,
  packedBytes,
  method,
  sum,
]

/** A member's version says where it lies, so the archive's directory is not read again. */
function archiveAt({ name, member, version }: ListedFile): { archive: ListedFile; place: Place } {
  const parts = version.split('/')
  const [sizeBytes, offset, packedBytes, method, sum] = parts.slice(-5).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  const archive = {
    name: name.slice(0, -(member ?? '').length - 1),
    sizeBytes,
    version: parts.slice(0, -5).join('/'),
  }
  return { archive, place: { offset, packedBytes, method, crc32: sum } }
}

/** @throws file_vanished, file_changed, file_unreadable, packed_file_damaged */
async function openMember(
  source: Source,
  file: ListedFile,
  signal: AbortSignal,
): Promise<OpenFile> {
  const { archive, place } = archiveAt(file)
  const opened = await source.open(archive, signal)
  return {
    link: null,
    ranges: false,
    packing: 'zip',
    read: () => readMember(opened, file, { archiveBytes: archive.sizeBytes, place }),
    close: () => opened.close(),
  }
}

const headerBytes = 30
const headerStart = 0x04034b50

/** @throws packed_file_damaged */
async function* readMember(
  archive: OpenFile,
  file: ListedFile,
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
