/** A document that a step has left: its one table is read as what the step would have written. */
import type { ListedFile } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import { readAll } from '../../io/chunks.ts'
import type { OpenFile } from '../../io/openFile.ts'
import { partsOf } from '../../unpack/archive.ts'
import { containerOf } from '../../unpack/documents.ts'
import { packingOf } from '../../unpack/packing.ts'
import { openDirectory } from '../../unpack/zip.ts'
import { containersOf } from '../format.ts'
import type { Opened, Opening } from './text.ts'

const magicBytes = 4

/**
 * @returns the file itself when it is no document with tables
 * @throws sheets_several, sheet_unknown, workbook_damaged, spreadsheet_unsupported
 */
export async function openOnlyTable(
  opened: OpenFile,
  { name: file, sizeBytes: archiveBytes }: Pick<ListedFile, 'name' | 'sizeBytes'>,
  { format, limits, signal }: Opening,
): Promise<Opened> {
  const range = { start: 0, end: Math.min(magicBytes, archiveBytes) }
  if (packingOf(await readAll(opened.read(range), range.end)) !== 'zip') return opened
  const of = { file, archiveBytes }
  const directory = await openDirectory(opened, of, limits)
  const container = containerOf(directory, file, containersOf(format, limits))
  if (!container) return opened
  const parts = await partsOf(opened, { of, directory }, limits)
  const tables = (await container.tables(parts)).filter(({ leftOut }) => leftOut === undefined)
  const [only, ...others] = tables
  if (!only || others.length > 0) {
    const names = tables.slice(0, 20).map(({ name }) => name)
    throw sluiceError('sheets_several', { file, sheets: names.join(', ') || 'none' })
  }
  const read = () => container.unfold(parts, only.name, signal)
  return { link: null, packing: 'zip', madeFor: container.kind, read }
}
