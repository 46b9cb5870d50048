/** Archives with two members of one name: when they are unpacked, the last of them is what is left. */
import { sluiceError } from '../errors.ts'
import type { ListedFile } from './words.ts'

/**
 * @param before the file of that name that was listed already, if there is one
 * @throws packed_file_damaged
 */
export function mustBeOnly(file: ListedFile, before: ListedFile | undefined): void {
  if (before?.name !== file.name || before.version === file.version || file.member == null) return
  const { name, member } = file
  const problem = `it has two members named ${member}, and which one is meant is not known`
  throw sluiceError('packed_file_damaged', { file: name.slice(0, -member.length - 1), problem })
}
