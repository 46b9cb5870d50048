/** `-` as SOURCE: what another command prints. */
import { sluiceError } from '../../../errors.ts'
import type { SourceOptions } from '../../../sources/index.ts'

export interface Stdin {
  /** What the file is called: its format may follow from it. */
  stdin: string
  sourceOf(uploads: string[]): SourceOptions
}

/**
 * @returns null when the arguments are files or addresses
 * @throws usage_invalid
 */
export function stdinOf(sources: readonly string[], name: string | undefined): Stdin | null {
  const refuse = (problem: string) =>
    sluiceError('usage_invalid', { problem, command: 'sluice ingest' })
  if (!sources.includes('-')) {
    if (name === undefined) return null
    throw refuse('--name is for standard input: COMMAND | sluice ingest - --name rows.csv')
  }
  if (sources.length > 1) throw refuse('Standard input is a source of its own: name no other one')
  const sourceOf = (uploads: string[]): SourceOptions => ({ kind: 'upload', uploads })
  return { stdin: name ?? 'stdin', sourceOf }
}
