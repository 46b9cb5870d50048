/** A zip archive whose members are parts of one document, read by their names. */
import type { UnpackLimits } from '../domain/unpack.ts'
import { sluiceError } from '../errors.ts'
import type { OpenFile } from '../io/openFile.ts'
import { readMember } from './member.ts'
import { type Directory, listMembers, type Member, openDirectory } from './zip.ts'

export interface Archive {
  file: string
  sizeBytes: number
  /** How many bytes a part comes to; 0 where there is none of that name. */
  sizeOf(part: string): number
  /** @throws packed_file_damaged */
  read(part: string): AsyncIterable<Buffer>
}

/** @throws packed_file_damaged, packing_unsupported, unpack_limit */
export async function openArchive(
  opened: OpenFile,
  of: { file: string; archiveBytes: number },
  limits: UnpackLimits,
): Promise<Archive> {
  return partsOf(opened, { of, directory: await openDirectory(opened, of, limits) }, limits)
}

/** The same of one whose directory has been read. @throws the same */
export async function partsOf(
  opened: OpenFile,
  { of, directory }: { of: { file: string; archiveBytes: number }; directory: Directory },
  limits: UnpackLimits,
): Promise<Archive> {
  const { file, archiveBytes } = of
  const members = new Map<string, Member>()
  if (directory.names === null) {
    throw sluiceError('packed_file_damaged', { file, problem: 'it has too many parts' })
  }
  for await (const member of listMembers(directory, of, limits, true)) {
    const name = member.name.replaceAll('\\', '/')
    // Which of two would be read might be another one elsewhere.
    if (members.has(name)) {
      const problem = `it has two members named ${name}`
      throw sluiceError('packed_file_damaged', { file, problem })
    }
    members.set(name, member)
  }
  return {
    file,
    sizeBytes: archiveBytes,
    sizeOf: (part) => members.get(part)?.sizeBytes ?? 0,
    read(part) {
      const member = members.get(part)
      if (!member) {
        const problem = `its part ${part} is missing`
        throw sluiceError('packed_file_damaged', { file, problem })
      }
      const { place, sizeBytes } = member
      return readMember(opened, { name: `${file}/${part}`, sizeBytes }, { archiveBytes, place })
    },
  }
}
