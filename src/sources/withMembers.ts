/** Makes the members of archives files of their own, and the tables of documents that are archives. */
import type { UnpackLimits } from '../domain/unpack.ts'
import type { ListedFile } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import type { OpenFile } from '../io/openFile.ts'
import { openArchive } from '../unpack/archive.ts'
import type { Container } from '../unpack/container.ts'
import { containerOf } from '../unpack/documents.ts'
import { readMember } from '../unpack/member.ts'
import { packingOf } from '../unpack/packing.ts'
import { listMembers, type Place } from '../unpack/zip.ts'
import type { Found, OnLeftOut, Source } from './source.ts'

interface Unpacking {
  limits: UnpackLimits
  /** The documents whose tables are read. */
  containers?: readonly Container[]
}

/** The same source, with the members of an archive in place of the archive. */
export function withMembers(source: Source, { limits, containers = [] }: Unpacking): Source {
  return {
    async *list(signal, onLeftOut) {
      for await (const file of source.list(signal, onLeftOut)) {
        if (packingOf(await headOf(source, file, signal)) !== 'zip') yield file
        else yield* membersOf(source, file, { limits, containers, signal, onLeftOut })
      }
    },
    open(file, signal) {
      if (file.member == null) return source.open(file, signal)
      const table = tableAt(file)
      return table
        ? openTable(source, { ...table, limits, containers, signal })
        : openMember(source, file, signal)
    },
    // A member counts as its archive does.
    sha256: async (file) => (await source.sha256?.(archiveOf(file))) ?? null,
  }
}

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

interface Listing extends Required<Unpacking> {
  signal: AbortSignal
  onLeftOut: OnLeftOut | undefined
}

async function* membersOf(
  source: Source,
  archive: Found,
  { limits, containers, signal, onLeftOut }: Listing,
): AsyncGenerator<Found> {
  const { place, version } = archive
  const opened = await source.open(archive, signal)
  try {
    const { name: file, sizeBytes: archiveBytes } = archive
    mustHaveRanges(opened, file)
    const of = { file, archiveBytes }
    const found = (member: string, sizeBytes: number, parts: (string | number)[]): Found => {
      const all = [version, archiveBytes, ...parts].join('/')
      return { name: `${file}/${member}`, sizeBytes, version: all, member, place }
    }
    const container = await containerOf(opened, of, { limits, containers })
    if (container) {
      const tables = await container.tables(await openArchive(opened, of, limits))
      for (const { name, sizeBytes, leftOut } of tables) {
        if (leftOut !== undefined) onLeftOut?.(`${file}/${name}`, leftOut)
        else yield found(name, sizeBytes, [`${tableMark}${container.kind}`])
      }
      return
    }
    for await (const { name, sizeBytes, place: at } of listMembers(opened, of, limits)) {
      signal.throwIfAborted()
      yield found(name, sizeBytes, inOrder(at))
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

const archiveOf = (file: ListedFile): ListedFile => {
  if (file.member == null) return file
  return tableAt(file)?.archive ?? memberAt(file).archive
}

/** The version of a member ends with its archive's size and `ownParts` of its own. */
function archiveIn({ name, member, version }: ListedFile, ownParts: number) {
  const parts = version.split('/')
  const own = parts.slice(-ownParts)
  const archive: ListedFile = {
    name: name.slice(0, -(member ?? '').length - 1),
    sizeBytes: Number(parts.at(-ownParts - 1)),
    version: parts.slice(0, -ownParts - 1).join('/'),
  }
  return { archive, own }
}

/** A member's version says where it lies, so the archive's directory is not read again. */
function memberAt(file: ListedFile): { archive: ListedFile; place: Place } {
  const { archive, own } = archiveIn(file, 4)
  const [offset, packedBytes, method, sum] = own.map(Number) as [number, number, number, number]
  return { archive, place: { offset, packedBytes, method, crc32: sum } }
}

/** @throws file_vanished, file_changed, file_unreadable, packed_file_damaged */
async function openMember(
  source: Source,
  file: ListedFile,
  signal: AbortSignal,
): Promise<OpenFile> {
  const { archive, place } = memberAt(file)
  const opened = await source.open(archive, signal)
  return {
    link: null,
    ranges: false,
    packing: 'zip',
    read: () => readMember(opened, file, { archiveBytes: archive.sizeBytes, place }),
    close: () => opened.close(),
  }
}

/** What the version of a table ends with, before the format that reads it. */
const tableMark = 'table '

interface TableAt {
  archive: ListedFile
  table: string
  kind: string
}

/** @returns null for a member of any other archive, whose version ends with a number */
function tableAt(file: ListedFile): TableAt | null {
  const { archive, own } = archiveIn(file, 1)
  const last = own[0] ?? ''
  if (!last.startsWith(tableMark)) return null
  return { archive, table: file.member as string, kind: last.slice(tableMark.length) }
}

async function openTable(
  source: Source,
  { archive, table, kind, limits, containers, signal }: TableAt & Omit<Listing, 'onLeftOut'>,
): Promise<OpenFile> {
  const opened = await source.open(archive, signal)
  const of = { file: archive.name, archiveBytes: archive.sizeBytes }
  const container = containers.find((each) => each.kind === kind) as Container
  return {
    link: null,
    ranges: false,
    packing: 'zip',
    madeFor: kind,
    async *read() {
      const parts = await openArchive(opened, of, limits)
      yield* container.unfold(parts, table, signal)
    },
    close: () => opened.close(),
  }
}
