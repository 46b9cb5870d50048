/** zip archives: which members one has. Nothing is ever written under a member's name. */
import {
  type Entry,
  fromRandomAccessReaderPromise,
  getFileNameLowLevel,
  RandomAccessReader,
  type ZipFile,
} from 'yauzl'
import { clutterOf } from '../domain/clutter.ts'
import type { UnpackLimits } from '../domain/unpack.ts'
import { messageOf, SluiceError, sluiceError } from '../errors.ts'
import { readAll } from '../io/chunks.ts'
import type { OpenFile } from '../io/openFile.ts'
import { checkRatio, checkSize } from './limits.ts'

/** Where the bytes of a member lie in its archive, by the archive's directory. */
export interface Place {
  /** Where its header starts, which its bytes follow. */
  offset: number
  packedBytes: number
  /** 0: as they are; 8: deflate. */
  method: number
  crc32: number
}

export interface Member {
  /** As the archive has it, whatever it looks like. */
  name: string
  sizeBytes: number
  place: Place
}

/**
 * The members that are files, in the order of the archive. Sizes are the archive's word, which
 * reading a member holds it to; those that are no data by their names are not read.
 * @param of what the archive is called, and its size
 * @param isPart the members are parts of a document, whose names say nothing
 * @throws packed_file_damaged, packing_unsupported, unpack_limit
 */
export async function* listMembers(
  archive: OpenFile,
  of: { file: string; archiveBytes: number },
  limits: UnpackLimits,
  isPart = false,
): AsyncGenerator<Member> {
  const { file, archiveBytes } = of
  let bytes = 0
  for await (const { name, entry } of entriesOf(archive, of, limits)) {
    if (name.endsWith('/') || name === '') continue
    const member = { name, sizeBytes: entry.uncompressedSize, place: placeOf(entry) }
    if (!isPart && clutterOf({ name: file, member: name }) !== null) {
      yield member
      continue
    }
    refuseMember(entry, `${file}/${name}`)
    // Members that share their packed bytes are found at the end, so the sum counts until then.
    bytes += entry.uncompressedSize
    checkSize(`${file}/${name}`, entry.uncompressedSize, limits)
    checkRatio(file, { packed: archiveBytes, unpacked: bytes }, limits)
    yield member
  }
}

/** Names that are looked for: those that tell documents from other archives. */
export async function namesIn(
  archive: OpenFile,
  of: { file: string; archiveBytes: number },
  { wanted, limits }: { wanted: ReadonlySet<string>; limits: UnpackLimits },
): Promise<Set<string>> {
  const found = new Set<string>()
  for await (const { name } of entriesOf(archive, of, limits)) {
    const path = name.replaceAll('\\', '/')
    if (wanted.has(path)) found.add(path)
  }
  return found
}

/** @throws packed_file_damaged, unpack_limit */
async function* entriesOf(
  archive: OpenFile,
  { file, archiveBytes }: { file: string; archiveBytes: number },
  { membersMax }: UnpackLimits,
): AsyncGenerator<{ name: string; entry: Entry }> {
  let zip: ZipFile | null = null
  let members = 0
  const spans = new Spans()
  try {
    const reader = new ArchiveReader(archive, archiveBytes)
    const options = { decodeStrings: false, autoClose: false }
    zip = await fromRandomAccessReaderPromise(reader, archiveBytes, options)
    for await (const entry of zip.eachEntry()) {
      spans.add(entry)
      if (++members > membersMax) {
        const problem = `it has more than ${membersMax} members`
        throw sluiceError('unpack_limit', { file, problem, setting: 'SLUICE_ZIP_MEMBERS' })
      }
      yield { name: nameOf(entry), entry }
    }
    spans.mustNotOverlap()
  } catch (error) {
    if (error instanceof SluiceError || (error as NodeJS.ErrnoException).syscall) throw error
    throw sluiceError('packed_file_damaged', { file, problem: messageOf(error) }, { cause: error })
  } finally {
    zip?.close()
  }
}

const windowBytes = 64 * 1024

/** Reads an archive's directory by ranges; its entries, of 46 bytes and a name, lie side by side. */
class ArchiveReader extends RandomAccessReader {
  readonly #archive: OpenFile
  readonly #archiveBytes: number
  #window: { start: number; bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) }

  constructor(archive: OpenFile, archiveBytes: number) {
    super()
    this.#archive = archive
    this.#archiveBytes = archiveBytes
  }

  // biome-ignore lint/complexity/useMaxParams: as yauzl calls it
  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.#bytesAt(position, length).then(
      (bytes) => callback(null, bytes.copy(buffer, offset)),
      callback,
    )
  }

  async #bytesAt(start: number, length: number): Promise<Buffer> {
    const { bytes } = this.#window
    const from = start - this.#window.start
    if (from >= 0 && from + length <= bytes.length) return bytes.subarray(from, from + length)
    const end = Math.min(start + Math.max(length, windowBytes), this.#archiveBytes)
    const read = await readAll(this.#archive.read({ start, end }), Math.max(0, end - start))
    this.#window = { start, bytes: read }
    return read.subarray(0, length)
  }
}

const headerBytes = 30

/** Where the headers and the bytes of members lie. A directory that lies lets some share them. */
class Spans {
  readonly #starts: number[] = []
  readonly #ends: number[] = []

  add(entry: Entry): void {
    const { relativeOffsetOfLocalHeader: start, compressedSize, fileNameLength } = entry
    this.#starts.push(start)
    this.#ends.push(start + headerBytes + fileNameLength + compressedSize)
  }

  mustNotOverlap(): void {
    const starts = Float64Array.from(this.#starts).sort()
    const ends = Float64Array.from(this.#ends).sort()
    // Spans lie side by side if each, in order, ends where the next one starts, or before.
    if (starts.some((start, at) => at > 0 && start < (ends[at - 1] as number))) {
      throw new Error('some of its members share their bytes')
    }
  }
}

const placeOf = (entry: Entry): Place => ({
  offset: entry.relativeOffsetOfLocalHeader,
  packedBytes: entry.compressedSize,
  method: entry.compressionMethod,
  crc32: entry.crc32,
})

/** No path of Linux is longer. */
const nameBytesMax = 4096

/** A NUL byte is the one character that the ledger cannot keep. */
function nameOf(entry: Entry): string {
  const { generalPurposeBitFlag, extraFields } = entry
  const raw = entry.fileName as unknown as Buffer
  const name = getFileNameLowLevel(generalPurposeBitFlag, raw, extraFields, true)
  const bytes = Math.max(raw.length, Buffer.byteLength(name))
  if (bytes > nameBytesMax) throw new Error(`a name in it has ${bytes} bytes`)
  return name.replaceAll('\0', '\ufffd')
}

/** @throws packing_unsupported */
function refuseMember(entry: Entry, file: string): void {
  const refuse = (problem: string) => sluiceError('packing_unsupported', { file, problem })
  if (entry.isEncrypted()) throw refuse('it is encrypted')
  const { compressionMethod: method } = entry
  if (method !== 0 && method !== 8) throw refuse(`its compression has the number ${method}`)
}
