/** Finds the file that the others are compared with: the first one that is a table. */

import { claimsTable } from '../../domain/clutter.ts'
import type { TargetColumn } from '../../domain/columns.ts'
import { noteKey } from '../../domain/headNotes.ts'
import { Layout } from '../../domain/layout.ts'
import type { FirstTable, ListedFile } from '../../domain/words.ts'
import type { Note } from '../../errors/notes.ts'
import { formatOf } from '../../formats/index.ts'
import type { Source } from '../../sources/source.ts'
import { type FullSpec, namedFiles } from '../spec.ts'
import { type Opening, readHead } from './text.ts'

export interface Looking {
  source: Source
  spec: FullSpec
  /** null when it is yet to be made. */
  target: { columns: readonly TargetColumn[] } | null
  opening: Opening
}

interface Found {
  first: FirstTable
  notes: Note[]
}

/**
 * Reads the first bytes of one file, or of some when the first ones are rather text for people.
 * @returns null as `first` when no candidate has a record
 * @throws what reading a head throws, and column_unknown and the like where its columns do not fit
 */
export async function findFirstTable(
  candidates: readonly ListedFile[],
  looking: Looking,
): Promise<{ first: FirstTable | null; notes: Note[] }> {
  const { spec, target } = looking
  const { first, notes } = (await firstOf(candidates, looking)) ?? { first: null, notes: [] }
  // With `skip` it may be one of those that are left out.
  if (first && target && spec.target && spec.format.unknownFiles !== 'skip') {
    new Layout(spec.target, target.columns).of(first.name, first)
  }
  return { first, notes }
}

/** A file whose name claims to be a table is asked first, then one that has fields. */
async function firstOf(candidates: readonly ListedFile[], looking: Looking): Promise<Found | null> {
  const claiming = candidates.filter(claimsTable)
  let found: Found | null = null
  for (const listed of claiming.length > 0 ? claiming : candidates) {
    const next = await lookAt(listed, looking)
    if (next?.isTable) return next
    found ??= next
  }
  return found
}

async function lookAt(
  listed: ListedFile,
  { source, spec, opening }: Looking,
): Promise<(Found & { isTable: boolean }) | null> {
  const { format: options } = spec
  const format = formatOf(options)
  const { head: bytes, ...read } = await readHead(source, listed, opening)
  const file = { ...listed, ...read, bytes, isNamed: namedFiles(spec.source)(listed) }
  if (!file.isNamed && format.documentIn?.(file, options) != null) return null
  const { reading, header, width, notes } = format.head(file, options)
  if (width === 0) return null
  const { name } = file
  const first = { name, reading, header, width, told: notes.map((note) => noteKey(note, name)) }
  return { first, notes, isTable: format.isTable(file, first) }
}
