/**
 * Where a member lies: in which archive, and where in it.
 *
 * The version of a listed member says so, behind the version and the size of its archive; so nobody
 * has to look for it once more, and a member is another one when its archive is.
 */
import type { ListedFile } from '../../domain/words.ts'
import type { Place } from '../../unpack/zip.ts'
import type { Found } from '../source.ts'

export type At =
  | { kind: 'zip'; place: Place }
  /** Packed: the offset is that in what comes out of its packing. */
  | { kind: 'tar'; offset: number; isPacked: boolean }
  /** A table of a document, which the format reads. */
  | { kind: 'table'; format: string }

export interface Address {
  archive: ListedFile
  /** Its name within its archive. */
  name: string
  at: At
}

/** @param name within the archive */
export function foundIn(archive: Found, name: string, { sizeBytes, at }: Sized): Found {
  const { place, version, sizeBytes: archiveBytes } = archive
  const member = archive.member == null ? name : `${archive.member}/${name}`
  const own = partsOf(at, archive.member == null ? null : name)
  return {
    name: `${archive.name}/${name}`,
    sizeBytes,
    version: [version, archiveBytes, ...own].join('/'),
    member,
    place,
  }
}

interface Sized {
  sizeBytes: number
  at: At
}

/** @param table the name of the table, in a document that is a member itself */
function partsOf(at: At, table: string | null): (string | number)[] {
  if (at.kind === 'tar') return [`${at.isPacked ? 'packed ' : ''}tar ${at.offset}`]
  if (at.kind === 'table') return [`table ${at.format}${table === null ? '' : ` ${table.length}`}`]
  const { offset, packedBytes, method, crc32 } = at.place
  return [offset, packedBytes, method, crc32]
}

/** @returns null for a file that is no member */
export function addressOf(file: ListedFile): Address | null {
  if (file.member == null) return null
  const parts = file.version.split('/')
  const last = parts.at(-1) as string
  const [isTable, format, chars] = /^table (\S+)(?: (\d+))?$/.exec(last) ?? []
  if (isTable)
    return address(file, parts, { own: 1, chars, at: { kind: 'table', format: format as string } })
  const [isTar, packed, offset] = /^(packed )?tar (\d+)$/.exec(last) ?? []
  if (isTar) {
    const at: At = { kind: 'tar', offset: Number(offset), isPacked: packed !== undefined }
    return address(file, parts, { own: 1, at })
  }
  const [start, packedBytes, method, crc32] = parts.slice(-4).map(Number) as Four
  const place = { offset: start, packedBytes, method, crc32 }
  return address(file, parts, { own: 4, at: { kind: 'zip', place } })
}

type Four = [number, number, number, number]

/**
 * @param own how many parts of the version say where it lies
 * @param chars how long its own name is, if its archive is a member as well
 */
function address(
  file: ListedFile,
  parts: string[],
  { own, chars, at }: { own: number; chars?: string | undefined; at: At },
): Address {
  const member = file.member as string
  const name = chars === undefined ? member : member.slice(-chars)
  const archive: ListedFile = {
    name: file.name.slice(0, -name.length - 1),
    sizeBytes: Number(parts.at(-own - 1)),
    version: parts.slice(0, -own - 1).join('/'),
    ...(chars !== undefined && { member: member.slice(0, -name.length - 1) }),
  }
  return { archive, name, at }
}

/** The file of the source that a member lies in. */
export function outermost(file: ListedFile): ListedFile {
  const found = addressOf(file)
  return found ? outermost(found.archive) : file
}
