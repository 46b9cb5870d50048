/** Opens members, and the archives that they lie in. */
import { createHash } from 'node:crypto'
import type { UnpackLimits } from '../../domain/unpack.ts'
import type { ListedFile } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import { listedHeadBytes, type OpenFile } from '../../io/openFile.ts'
import type { Spool, Spooled } from '../../io/spool.ts'
import { openArchive } from '../../unpack/archive.ts'
import type { Container } from '../../unpack/container.ts'
import { readMember } from '../../unpack/member.ts'
import { start } from '../../unpack/start.ts'
import { unpackTar } from '../../unpack/tar/packed.ts'
import type { Source } from '../source.ts'
import { type Address, addressOf } from './address.ts'

export interface Unpacking {
  limits: UnpackLimits
  /** The documents whose tables are read. */
  containers: readonly Container[]
  /** For archives that cannot be read by ranges where they lie. */
  spool: Spool
}

interface Opening extends Unpacking {
  source: Source
  signal: AbortSignal
}

/** @throws file_vanished, file_changed, file_unreadable, packed_file_damaged, unpack_limit */
export async function openListed(file: ListedFile, opening: Opening): Promise<OpenFile> {
  const address = addressOf(file)
  if (!address) return opening.source.open(file, opening.signal)
  const { archive, at } = address
  const isPacked = at.kind === 'tar' && at.isPacked
  return memberOf(await openArchiveFile(archive, isPacked, opening), { file, address, opening })
}

/**
 * An archive, so that it can be read by ranges. One that cannot be where it lies is kept in the
 * spool, once for all of its members.
 * @param isPacked what comes out of its packing is read
 */
export async function openArchiveFile(
  archive: ListedFile,
  isPacked: boolean,
  opening: Opening,
): Promise<Spooled> {
  const { spool, signal } = opening
  const key = keyOf(archive)
  const mayBeKept = isPacked || archive.member != null
  const kept = mayBeKept ? await spool.open(key, archive.name, signal) : null
  if (kept) return kept
  const opened = await openListed(archive, opening)
  if (opened.ranges && !isPacked) return { opened, sizeBytes: archive.sizeBytes }
  try {
    const before = mayBeKept ? null : await spool.open(key, archive.name, signal)
    if (before) return before
    await spool.put(key, isPacked ? unpacked(archive, opened, opening) : opened.read())
  } finally {
    await opened.close()
  }
  const now = await spool.open(key, archive.name, signal)
  if (now) return now
  throw sluiceError('staged_file_damaged', { file: archive.name, problem: 'it is gone' })
}

const keyOf = ({ name, version }: ListedFile): string =>
  createHash('sha256').update(`${name}\n${version}`).digest('hex').slice(0, 32)

async function* unpacked(
  { name: file }: ListedFile,
  opened: OpenFile,
  { limits }: Opening,
): AsyncGenerator<Buffer> {
  const { head, bytes } = await start(opened.read(), listedHeadBytes)
  yield* unpackTar({ file, head, limits, read: () => bytes })
}

interface Wanted {
  file: ListedFile
  address: Address
  opening: Opening
}

function memberOf(
  { opened, sizeBytes: archiveBytes }: Spooled,
  { file, address: { archive, name, at }, opening }: Wanted,
): OpenFile {
  const close = () => opened.close()
  if (at.kind === 'tar') {
    const { offset } = at
    const own = { start: 0, end: file.sizeBytes }
    const read = ({ start, end } = own) =>
      opened.read({ start: offset + start, end: offset + Math.min(end, file.sizeBytes) })
    return { link: null, ranges: true, packing: 'tar', read, close }
  }
  const packing = { link: null, ranges: false, packing: 'zip' as const, close }
  if (at.kind === 'zip') {
    const { place } = at
    return { ...packing, read: () => readMember(opened, file, { archiveBytes, place }) }
  }
  const { containers, limits, signal } = opening
  const container = containers.find(({ kind }) => kind === at.format) as Container
  return {
    ...packing,
    madeFor: at.format,
    async *read() {
      const parts = await openArchive(opened, { file: archive.name, archiveBytes }, limits)
      yield* container.unfold(parts, name, signal)
    },
  }
}
