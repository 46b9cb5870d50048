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
import type { OpenFile } from '../io/openFile.ts'
import { checkRatio, checkSize, mustBeFew } from './limits.ts'
import { nameBytesMax, nameOf } from './memberName.ts'
import { Window } from './window.ts'

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

interface Named {
  name: string
  entry: Entry
}

/** What an archive says of its members, which is read once. */
export interface Directory {
  /** All names in it; null for more than a document may have. */
  names: ReadonlySet<string> | null
  entries: Iterable<Named> | AsyncIterable<Named>
}

/** A document that is made of so many parts is none. */
const partsMax = 20_000

/**
 * Up to `partsMax` entries are held: they may be those of a document, which only all names tell.
 * @param of what the archive is called, and its size
 * @throws packed_file_damaged, unpack_limit
 */
export async function openDirectory(
  archive: OpenFile,
  of: { file: string; archiveBytes: number },
  limits: UnpackLimits,
): Promise<Directory> {
  const held: Named[] = []
  const rest = entriesOf(archive, of, limits)
  while (held.length <= partsMax) {
    const next = await rest.next()
    if (next.done) return { names: new Set(held.map(({ name }) => name)), entries: held }
    held.push(next.value)
  }
  return { names: null, entries: both(held, rest) }
}

async function* both(held: Named[], rest: AsyncGenerator<Named>): AsyncGenerator<Named> {
  try {
    yield* held.splice(0)
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}

/**
 * The members that are files, in the order of the archive. Sizes are the archive's word, which
 * reading a member holds it to; those that are no data by their names are not read.
 * @param isPart the members are parts of a document, whose names say nothing
 * @throws packed_file_damaged, packing_unsupported, unpack_limit
 */
export async function* listMembers(
  { entries }: Directory,
  { file, archiveBytes }: { file: string; archiveBytes: number },
  limits: UnpackLimits,
  isPart = false,
): AsyncGenerator<Member> {
  let bytes = 0
  for await (const { name, entry } of entries) {
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

/** @throws packed_file_damaged, unpack_limit */
async function* entriesOf(
  archive: OpenFile,
  { file, archiveBytes }: { file: string; archiveBytes: number },
  limits: UnpackLimits,
): AsyncGenerator<Named> {
  let zip: ZipFile | null = null
  let members = 0
  const spans = new Spans()
  try {
    const reader = new ArchiveReader(archive, archiveBytes)
    const options = { decodeStrings: false, autoClose: false }
    zip = await fromRandomAccessReaderPromise(reader, archiveBytes, options)
    for await (const entry of zip.eachEntry()) {
      spans.add(entry)
      mustBeFew(file, ++members, limits)
      yield { name: nameIn(entry), entry }
    }
    spans.mustNotOverlap()
  } catch (error) {
    if (error instanceof SluiceError || (error as NodeJS.ErrnoException).syscall) throw error
    throw sluiceError('packed_file_damaged', { file, problem: messageOf(error) }, { cause: error })
  } finally {
    zip?.close()
  }
}

/** Reads an archive's directory by ranges; its entries, of 46 bytes and a name, lie side by side. */
class ArchiveReader extends RandomAccessReader {
  readonly #window: Window

  constructor(archive: OpenFile, archiveBytes: number) {
    super()
    this.#window = new Window(archive, archiveBytes)
  }

  // biome-ignore lint/complexity/useMaxParams: as yauzl calls it
  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.#window
      .read(position, length)
      .then((bytes) => callback(null, bytes.copy(buffer, offset)), callback)
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

function nameIn(entry: Entry): string {
  const { generalPurposeBitFlag, extraFields } = entry
  const raw = entry.fileName as unknown as Buffer
  const name = getFileNameLowLevel(generalPurposeBitFlag, raw, extraFields, true)
  const bytes = Math.max(raw.length, Buffer.byteLength(name))
  if (bytes > nameBytesMax) throw new Error(`a name in it has ${bytes} bytes`)
  return nameOf(name)
}

/** @throws packing_unsupported */
function refuseMember(entry: Entry, file: string): void {
  const refuse = (problem: string) => sluiceError('packing_unsupported', { file, problem })
  if (entry.isEncrypted()) throw refuse('it is encrypted')
  const { compressionMethod: method } = entry
  if (method !== 0 && method !== 8) throw refuse(`its compression has the number ${method}`)
}
