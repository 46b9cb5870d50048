/** Finds the file that the others are compared with: the first one that is a table. */

import { extname } from 'node:path'
import type { TargetColumn } from '../../domain/columns.ts'
import { noteKey } from '../../domain/headNotes.ts'
import type { FirstTable, ListedFile } from '../../domain/words.ts'
import type { Note } from '../../errors/notes.ts'
import type { HeadFile } from '../../formats/format.ts'
import { claimsTable, formatOf } from '../../formats/index.ts'
import type { Source } from '../../sources/source.ts'
import { kindOf } from '../format.ts'
import { type FullSpec, namedFiles } from '../spec.ts'
import { transformOf } from '../transform.ts'
import { layoutFields, mappedFor } from './mapped.ts'
import { formatsMixed } from './reading.ts'
import { type Opening, readHead } from './text.ts'
import { layoutOf } from './unlike.ts'

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
  const fits = spec.format.unknownFiles === 'skip' || transformOf(spec.target) !== null
  if (first && target && spec.target && !fits) {
    const { name, header, width, sparse } = first
    const fields = { file: name, header, width, ...(sparse && { sparse }) }
    const mapped = mappedFor(spec, fields, { first: name })
    layoutOf(spec, target.columns).of(name, layoutFields(mapped))
  }
  return { first, notes }
}

/** A file whose name claims to be a table is asked first, then one that has fields. */
async function firstOf(candidates: readonly ListedFile[], looking: Looking): Promise<Found | null> {
  const claiming = candidates.filter(claimsTable)
  let found: Found | null = null
  for (const listed of claiming.length > 0 ? claiming : candidates) {
    const next = await lookAt(listed, looking)
    found = next?.isTable ? next : (found ?? next)
    if (next?.isTable) break
  }
  if (found && looking.spec.format.kind === 'auto') await mustBeOne(found.first, claiming, looking)
  return found
}

/**
 * Looks at the candidates whose names are of another kind.
 * @throws formats_mixed
 */
async function mustBeOne(
  { name, reading }: FirstTable,
  claiming: readonly ListedFile[],
  looking: Looking,
): Promise<void> {
  const kinds = new Map([[reading.kind, name]])
  const others = claiming.filter((file) => extensionOf(file.name) !== extensionOf(name))
  for (const listed of others) {
    const { file, kind } = await open(listed, looking)
    if (file.bytes.length > 0 && !kinds.has(kind)) kinds.set(kind, listed.name)
  }
  if (kinds.size === 1) return
  throw formatsMixed([...kinds].map(([kind, name]) => ({ name, kind })))
}

const extensionOf = (name: string): string => extname(name).toLowerCase()

async function lookAt(
  listed: ListedFile,
  looking: Looking,
): Promise<(Found & { isTable: boolean }) | null> {
  const { file, kind } = await open(listed, looking)
  const found = firstTableIn(file, kind, looking.spec.format)
  if (!found || found.first.width === 0) return null
  return { ...found, isTable: formatOf({ kind }).isTable(file, found.first) }
}

/** @returns null for a document that lies beside the data */
export function firstTableIn(
  file: HeadFile,
  kind: string,
  options: FullSpec['format'],
): Found | null {
  const format = formatOf({ kind })
  const how = file.isNamed ? 'certainly' : format.recognise(file)
  if (how === 'no' || (how === 'perhaps' && format.documentIn?.(file, options) != null)) return null
  const { name } = file
  const { reading, header, width, sparse, notes } = format.head(file, options)
  const told = notes.map((note) => noteKey(note, name))
  return { first: { name, reading, header, width, ...(sparse && { sparse }), told }, notes }
}

/** The first bytes of a file, and what it is by them. */
async function open(listed: ListedFile, { source, spec, opening }: Looking) {
  const { format } = spec
  const { head: bytes, ...read } = await readHead(source, listed, opening)
  const file: HeadFile = { ...listed, ...read, bytes, isNamed: namedFiles(spec.source)(listed) }
  return { file, kind: kindOf(format, file) }
}
