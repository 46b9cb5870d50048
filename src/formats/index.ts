/** The formats. To add one: a folder with its `Format`, and its name here. */

import type { NamedFile } from '../domain/clutter.ts'
import type { Column } from '../domain/columns.ts'
import type { Reading } from '../domain/words.ts'
import { avro } from './avro/format.ts'
import { type Around, withAround } from './constants.ts'
import { csv } from './csv/format.ts'
import { hasExtension } from './fileName.ts'
import { fixed } from './fixed/format.ts'
import type { Format } from './format.ts'
import { json } from './json/format.ts'
import { ndjson } from './ndjson/format.ts'
import { parquet } from './parquet/format.ts'
import { postgres } from './postgres/format.ts'
import type { Reader } from './reader.ts'
import { createXlsx } from './xlsx/format.ts'

export const formats = {
  csv,
  ndjson,
  json,
  parquet,
  xlsx: createXlsx(csv.head),
  avro,
  fixed,
  postgres,
} satisfies Record<string, Format>
export type FormatKind = keyof typeof formats

/** What a file is that nobody says anything of. */
export const usualKind: FormatKind = 'csv'

/** The format of a spec, or of what the ledger keeps of a file. */
export function formatOf({ kind }: { kind: string }): Format {
  const format = (formats as Record<string, Format>)[kind]
  if (format) return format
  throw new Error(`this version does not know the format ${kind}`)
}

/** Does the name say that the file is a table, of whatever format? */
export const claimsTable = (file: NamedFile): boolean =>
  Object.values<Format>(formats).some(({ extensions }) => hasExtension(file, extensions))

/**
 * @param columns those of the fields, in the file's order
 * @param around what the records of the file do not have, and what of them is left out
 */
export const readerOf = (
  reading: Reading,
  columns: readonly Column[],
  around: Around = {},
): Reader => withAround(formatOf(reading).reader(reading, columns), around)
