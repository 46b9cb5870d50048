/**
 * tar archives: which members one has, and where their bytes lie. An archive has no directory: its
 * headers are read one after the other. Nothing is ever written under a member's name.
 */
import type { UnpackLimits } from '../../domain/unpack.ts'
import { sluiceError } from '../../errors.ts'
import type { OpenFile } from '../../io/openFile.ts'
import { checkSize, mustBeFew } from '../limits.ts'
import { nameBytesMax, nameOf } from '../memberName.ts'
import { Window } from '../window.ts'
import { blockBytes, readHeader, TarFault, type TarHeader } from './header.ts'
import { type Extended, readPax } from './pax.ts'

export interface TarMember {
  name: string
  sizeBytes: number
  /** Where its bytes lie in the archive, one after the other. */
  offset: number
  /** Why it is no data; absent for a file. */
  leftOut?: string
}

/** Types of members by what becomes of them. A type that is not here has bytes that cannot be read. */
const files = new Set(['0', '\0', '7'])
const folders = new Set(['5', 'D', 'V'])
const others = new Map([
  ['1', 'a link'],
  ['2', 'a link'],
  ['3', 'a device'],
  ['4', 'a device'],
  ['6', 'a pipe'],
])
const unread = new Map([
  ['S', 'it is a sparse file'],
  ['M', 'it goes on from another volume'],
])

/** Members that say something of the one behind them: by the standard, by Solaris, and by GNU. */
const extended = new Set(['x', 'X', 'g', 'L', 'K'])
/** Extended attributes of a file stand in them as well; a kernel gives 64 KiB of these at most. */
const extendedBytesMax = 1 << 20

interface Named {
  file: string
  archiveBytes: number
}

/**
 * The members in the order of the archive, folders left out. The last of them is followed by a mark,
 * without which the archive is cut short.
 * @throws packed_file_damaged, packing_unsupported, unpack_limit
 */
export async function* listTar(
  archive: Pick<OpenFile, 'read'>,
  of: Named,
  limits: UnpackLimits,
): AsyncGenerator<TarMember> {
  const { file } = of
  let count = 0
  try {
    for await (const entry of entriesOf(archive, of)) {
      mustBeFew(file, ++count, limits)
      const { name, header, offset } = entry
      const { type } = header
      if (folders.has(type) || (name.endsWith('/') && entry.sizeBytes === 0)) continue
      const leftOut = others.get(type)
      if (leftOut !== undefined) {
        yield { name, sizeBytes: 0, offset, leftOut }
        continue
      }
      mustBeFile(`${file}/${name}`, entry)
      checkSize(`${file}/${name}`, entry.sizeBytes, limits)
      yield { name, sizeBytes: entry.sizeBytes, offset }
    }
  } catch (error) {
    if (!(error instanceof TarFault)) throw error
    throw sluiceError('packed_file_damaged', { file, problem: error.message })
  }
}

interface Entry {
  name: string
  header: TarHeader
  sizeBytes: number
  offset: number
  isSparse: boolean
}

/** @throws what is wrong with the archive */
async function* entriesOf(
  archive: Pick<OpenFile, 'read'>,
  { archiveBytes }: Named,
): AsyncGenerator<Entry> {
  const window = new Window(archive, archiveBytes)
  let before: Extended = {}
  let at = 0
  while (true) {
    const header = await headerAt(window, at)
    if (header === null) break
    const offset = at + blockBytes
    const sizeBytes = sizeOf(header, before)
    at = offset + Math.ceil(sizeBytes / blockBytes) * blockBytes
    if (!(offset + sizeBytes <= archiveBytes)) throw new TarFault('it is cut short')
    if (extended.has(header.type)) {
      if (sizeBytes > extendedBytesMax) throw new TarFault(`a header of it has ${sizeBytes} bytes`)
      const bytes = await window.read(offset, sizeBytes)
      before = { ...before, ...extensionOf(header.type, bytes) }
      continue
    }
    const name = pathOf(before.name ?? header.name)
    yield { name, header, sizeBytes, offset, isSparse: before.isSparse === true }
    before = {}
  }
  if (Object.keys(before).length > 0) throw new TarFault('its last member is missing')
  await mustEnd(archive, at, archiveBytes)
}

/** @returns null for the mark of the end */
async function headerAt(window: Window, at: number): Promise<TarHeader | null> {
  const block = await window.read(at, blockBytes)
  if (block.length < blockBytes) throw new TarFault('it has no end, so it is cut short')
  if (isZero(block)) return null
  const header = readHeader(block)
  if (!header) throw new TarFault(`its header at byte ${at} is damaged`)
  return header
}

function extensionOf(type: string, bytes: Buffer): Extended {
  if (type === 'x' || type === 'X') return readPax(bytes)
  if (type !== 'L') return {}
  const length = bytes.indexOf(0)
  return { name: Buffer.from(length < 0 ? bytes : bytes.subarray(0, length)) }
}

/** A link has no bytes, whatever size is said of the file that it leads to. */
function sizeOf({ type, sizeBytes }: TarHeader, before: Extended): number {
  if (extended.has(type)) return sizeBytes
  if (before.sizeBytes !== undefined) return before.sizeBytes
  return others.has(type) || type === '5' || type === 'V' ? 0 : sizeBytes
}

/** `tar -C folder .` puts a point in front of every name. */
function pathOf(bytes: Buffer): string {
  if (bytes.length > nameBytesMax) throw new TarFault(`a name in it has ${bytes.length} bytes`)
  const name = nameOf(bytes.toString()).replace(/^(\.\/+)+/, '')
  if (name === '' && bytes.length === 0) throw new TarFault('a member of it has no name')
  return name === '' || name === '.' ? './' : name
}

/** @throws packing_unsupported */
function mustBeFile(file: string, { header: { type }, isSparse }: Entry): void {
  const problem = isSparse ? 'it is a sparse file' : unread.get(type)
  if (problem === undefined && files.has(type)) return
  const what = problem ?? `its type is ${JSON.stringify(type)}`
  throw sluiceError('packing_unsupported', { file, problem: what })
}

const zeros = Buffer.alloc(blockBytes)
const isZero = (block: Buffer): boolean => block.equals(zeros)

/** Zeros fill up the last record of a tape. */
async function mustEnd(archive: Pick<OpenFile, 'read'>, start: number, end: number): Promise<void> {
  for await (const chunk of archive.read({ start, end })) {
    if (chunk.some((byte) => byte !== 0)) throw new TarFault('other bytes follow its end')
  }
}
