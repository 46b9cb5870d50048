/** How each file of an ingest is read: by its own head, and by what is known of the first table. */

import { ownNotes } from '../../domain/headNotes.ts'
import type { FileShape, FirstTable, Reading } from '../../domain/words.ts'
import { type Note, noteOf } from '../../errors/notes.ts'
import { SluiceError, sluiceError } from '../../errors.ts'
import type { Head, HeadFile, Scan, ScannedFile } from '../../formats/format.ts'
import { formatOf, usualKind } from '../../formats/index.ts'
import type { Text } from '../../unpack/text.ts'
import { kindOf } from '../format.ts'
import type { FullSpec } from '../spec.ts'
import type { FileText } from './text.ts'

/** What is known of an ingest before a file is read. */
export interface Known {
  spec: FullSpec
  /** That of the first table; null while no table is known. */
  reading: Reading | null
  /** Also null for an ingest of an earlier version, whose files are all read by `reading`. */
  firstTable: Omit<FirstTable, 'reading'> | null
}

type HeadText = Pick<FileText, 'head' | 'whole' | 'madeFor' | 'encoding' | 'encodingDoubt'>

/** The shape of a file that is no data. */
export const emptyShape = ({ reading }: Pick<Known, 'reading'>, leftOut: string): FileShape => ({
  reading: formatOf(reading ?? { kind: usualKind }).empty,
  header: null,
  width: 0,
  cuts: [],
  flaws: [],
  leftOut,
})

/**
 * How a file is read: by its own first bytes, and as the first table of the ingest where they leave
 * it open. The same for every attempt, for all of it is in the ledger before the first one.
 */
export function readIn(
  { spec: { format }, reading, firstTable }: Known,
  file: Pick<HeadFile, 'name' | 'member' | 'isNamed'>,
  text: HeadText,
): { head: Head } | { leftOut: string } {
  const head = headFileOf(file, text)
  const kind = reading?.kind ?? kindOf(format, head)
  if (format.kind === 'auto' && firstTable && head.bytes.length > 0) {
    mustBeLike(firstTable.name, kind, { format, head })
  }
  return formatOf({ kind }).headIn(head, { options: format, reading, firstTable })
}

/** @throws formats_mixed when a file is surely of another format than the first table */
function mustBeLike(
  first: string,
  kind: string,
  { format, head }: { format: FullSpec['format']; head: HeadFile },
): void {
  const own = kindOf(format, head)
  if (own === kind || !isSurely(own, { format, head })) return
  throw formatsMixed([
    { name: first, kind },
    { name: head.name, kind: own },
  ])
}

/** Any text may be of the usual format: there must be a table in it. */
function isSurely(
  kind: string,
  { format, head }: { format: FullSpec['format']; head: HeadFile },
): boolean {
  const own = formatOf({ kind })
  if (own.recognise(head) === 'certainly') return true
  try {
    return own.isTable(head, own.head(head, format))
  } catch (error) {
    if (error instanceof SluiceError) return false
    throw error
  }
}

/** @param files one of each format */
export const formatsMixed = (files: readonly { name: string; kind: string }[]): SluiceError =>
  sluiceError('formats_mixed', {
    files: files.map(({ name, kind }) => `${name} is ${kind}`).join(', '),
  })

/** Taps the bytes of a file that is read by its head. */
export const scanBy = (head: Omit<Head, 'notes'>, file: ScannedFile): Scan =>
  formatOf(head.reading).scan(head, file)

interface Told {
  head: Pick<Head, 'notes'>
  /** What all of its bytes have shown; absent, as `text`, where only its head was read. */
  found?: Pick<FileShape, 'notes'>
  text?: Pick<Text, 'encoding' | 'replaced'>
}

/** What is told of a file besides what is told of the first table. */
export function notesBeside(
  { firstTable }: Pick<Known, 'firstTable'>,
  file: string,
  { head: { notes }, found, text }: Told,
): Pick<FileShape, 'notes'> {
  const told = firstTable?.told
  const ofHead = told ? ownNotes(notes, file, told) : []
  const own = [...ofHead, ...(found?.notes ?? []), ...replacedIn(file, text)]
  return own.length > 0 ? { notes: own } : {}
}

function replacedIn(file: string, text?: Pick<Text, 'encoding' | 'replaced'>): Note[] {
  const { encoding = '', replaced = () => 0 } = text ?? {}
  const count = replaced()
  return count > 0 ? [noteOf('characters_replaced', { file, encoding, count })] : []
}

export const headFileOf = (
  { name, member, isNamed }: Pick<HeadFile, 'name' | 'member' | 'isNamed'>,
  { head, whole, madeFor, encoding, encodingDoubt }: HeadText,
): HeadFile => ({
  name,
  member: member ?? null,
  bytes: head,
  whole,
  isNamed,
  ...(madeFor !== undefined && { madeFor }),
  ...(encoding && { encoding }),
  ...(encodingDoubt && { encodingDoubt }),
})
