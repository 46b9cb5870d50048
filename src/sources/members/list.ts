/** Lists the members of archives, and the tables of documents that are archives. */
import { clutterOf } from '../../domain/clutter.ts'
import { sluiceError } from '../../errors.ts'
import { listedHeadBytes } from '../../io/openFile.ts'
import type { Spooled } from '../../io/spool.ts'
import { partsOf } from '../../unpack/archive.ts'
import type { Container } from '../../unpack/container.ts'
import { containerOf } from '../../unpack/documents.ts'
import { packingOf } from '../../unpack/packing.ts'
import { start } from '../../unpack/start.ts'
import { isTar } from '../../unpack/tar/header.ts'
import { listTar } from '../../unpack/tar/list.ts'
import { holdsTar } from '../../unpack/tar/packed.ts'
import { type Directory, listMembers, openDirectory } from '../../unpack/zip.ts'
import type { Found, OnLeftOut, Source } from '../source.ts'
import { type At, foundIn } from './address.ts'
import { openArchiveFile, openListed, type Unpacking } from './open.ts'

export interface Listing extends Unpacking {
  source: Source
  signal: AbortSignal
  onLeftOut: OnLeftOut | undefined
}

/** The members of a file that is an archive, in place of it; else the file. */
export async function* listedAs(file: Found, listing: Listing): AsyncGenerator<Found> {
  const { head: _, only, ...itself } = file
  const head = await headOf(file, listing)
  const kind = await archiveKindOf(file, head, listing)
  if (kind !== null) {
    yield* membersOf(itself, kind, { ...listing, only })
    return
  }
  if (!only) yield itself
  else throw sluiceError('source_no_archive', { file: file.name, members: only.text })
}

type ArchiveKind = 'zip' | 'tar' | 'packed tar'

async function archiveKindOf(
  file: Found,
  head: Buffer,
  listing: Listing,
): Promise<ArchiveKind | null> {
  const packing = packingOf(head)
  if (packing === 'zip') return 'zip'
  if (packing === null) return isTar(head) ? 'tar' : null
  const { limits } = listing
  const read = () => readListed(file, listing)
  return (await holdsTar({ file: file.name, head, limits, read })) ? 'packed tar' : null
}

/** The first bytes of a file, or all of them. */
async function headOf(file: Found, listing: Listing): Promise<Buffer> {
  const { head, sizeBytes } = file
  const wanted = Math.min(listedHeadBytes, sizeBytes)
  if (head && head.length >= wanted) return head
  const started = await start(readListed(file, listing, wanted), wanted)
  const found = Buffer.from(started.head)
  await started.close()
  return found
}

/** @param wanted how many bytes are needed; a source without ranges gives more, which are not read */
async function* readListed(file: Found, listing: Listing, wanted?: number): AsyncGenerator<Buffer> {
  const opened = await openListed(file, listing)
  try {
    const isPart = wanted !== undefined && opened.ranges
    yield* isPart ? opened.read({ start: 0, end: wanted }) : opened.read()
  } finally {
    await opened.close()
  }
}

interface Members extends Listing {
  only: Found['only'] | undefined
}

async function* membersOf(
  archive: Found,
  kind: ArchiveKind,
  listing: Members,
): AsyncGenerator<Found> {
  const spooled = await openArchiveFile(archive, kind === 'packed tar', listing)
  try {
    yield* kind === 'zip'
      ? zipped(archive, spooled, listing)
      : tarred(archive, spooled, { ...listing, isPacked: kind === 'packed tar' })
  } finally {
    await spooled.opened.close()
  }
}

async function* zipped(archive: Found, spooled: Spooled, listing: Members): AsyncGenerator<Found> {
  const { limits, containers, signal } = listing
  const of = { file: archive.name, archiveBytes: spooled.sizeBytes }
  const directory = await openDirectory(spooled.opened, of, limits)
  const container = containerOf(directory, archive.name, containers)
  if (container) {
    yield* tablesOf(archive, { container, directory, spooled }, listing)
    return
  }
  for await (const { name, sizeBytes, place } of listMembers(directory, of, limits)) {
    signal.throwIfAborted()
    yield* memberAs(foundIn(archive, name, { sizeBytes, at: { kind: 'zip', place } }), listing)
  }
}

async function* tarred(
  archive: Found,
  { opened, sizeBytes: archiveBytes }: Spooled,
  listing: Members & { isPacked: boolean },
): AsyncGenerator<Found> {
  const { limits, signal, isPacked, onLeftOut, only } = listing
  const of = { file: archive.name, archiveBytes }
  for await (const { name, sizeBytes, offset, leftOut } of listTar(opened, of, limits)) {
    signal.throwIfAborted()
    const at: At = { kind: 'tar', offset, isPacked }
    const found = foundIn(archive, name, { sizeBytes, at })
    if (leftOut === undefined) yield* memberAs(found, listing)
    else if (!only || only.matches(name)) onLeftOut?.(found.name, clutterOf(found) ?? leftOut)
  }
}

/** A member that is a document has its tables in place of it; its name says that it is one. */
async function* memberAs(member: Found, listing: Members): AsyncGenerator<Found> {
  const { only, containers } = listing
  const name = member.member as string
  const isMeant = !only || only.matches(name)
  if (!isMeant && !only.mayBegin(`${name}/`)) return
  const isDocument = containers.some(({ extensions }) => hasExtension(name, extensions))
  if (isDocument && clutterOf(member) === null) {
    const head = await headOf(member, listing)
    if (packingOf(head) === 'zip') {
      yield* documentIn(member, { ...listing, only: isMeant ? undefined : only })
      return
    }
  }
  if (isMeant) yield member
}

const hasExtension = (name: string, extensions: readonly string[]): boolean =>
  extensions.some((each) => name.toLowerCase().endsWith(`.${each}`))

async function* documentIn(member: Found, listing: Members): AsyncGenerator<Found> {
  const spooled = await openArchiveFile(member, false, listing)
  try {
    const of = { file: member.name, archiveBytes: spooled.sizeBytes }
    const directory = await openDirectory(spooled.opened, of, listing.limits)
    const container = containerOf(directory, member.name, listing.containers)
    if (container) yield* tablesOf(member, { container, directory, spooled }, listing)
    // A zip archive within another one, which is refused when it is read.
    else yield member
  } finally {
    await spooled.opened.close()
  }
}

interface Document {
  container: Container
  directory: Directory
  spooled: Spooled
}

async function* tablesOf(
  document: Found,
  { container, directory, spooled: { opened, sizeBytes: archiveBytes } }: Document,
  { limits, onLeftOut, only }: Members,
): AsyncGenerator<Found> {
  const of = { file: document.name, archiveBytes }
  const parts = await partsOf(opened, { of, directory }, limits)
  for (const { name, sizeBytes, leftOut } of await container.tables(parts)) {
    const at: At = { kind: 'table', format: container.kind }
    const found = foundIn(document, name, { sizeBytes, at })
    if (only && !only.matches(found.member as string)) continue
    if (leftOut === undefined) yield found
    else onLeftOut?.(found.name, leftOut)
  }
}
