/** What a spec must keep to that its schema cannot say. */
import { type FullSpec, fullSpec, type IngestSpec } from '../domain/spec.ts'
import { parseTableName, type TableName } from '../domain/table.ts'
import { sluiceError } from '../errors.ts'

/**
 * Fills in the defaults, and checks what can be checked without looking at files and tables.
 * @throws spec_invalid, table_name_invalid, dialect_invalid
 */
export function checkSpec(spec: IngestSpec): { full: FullSpec; table: TableName } {
  const full = fullSpec(spec)
  const table = parseTableName(full.target.table)
  const refuse = (problem: string) => sluiceError('spec_invalid', { problem })
  if (full.target.mode === 'replace' && !full.target.atomic) {
    throw refuse('target.atomic can be false only with the mode append')
  }
  const { max } = full.rejects
  if (typeof max === 'string' && Number.parseFloat(max) > 100) {
    throw refuse(`rejects.max is ${max}, and a share is at most 100%`)
  }
  if (full.source.kind === 'upload') {
    const twice = firstTwice(full.source.uploads)
    if (twice !== null) throw refuse(`source.uploads names ${twice} twice`)
  }
  checkFormat(full.format)
  return { full, table }
}

function firstTwice(names: readonly string[]): string | null {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) return name
    seen.add(name)
  }
  return null
}

/** COPY would refuse these as well, but only when the bytes are there. */
function checkFormat({
  delimiter,
  quote = '"',
  escape = quote,
  null: nullText,
}: FullSpec['format']) {
  const refuse = (problem: string) => sluiceError('dialect_invalid', { problem })
  const parts = { delimiter, quote, escape }
  for (const [name, char] of Object.entries(parts)) {
    if (char && /[\r\n]/.test(char)) throw refuse(`the ${name} cannot be a line end`)
  }
  if (delimiter === quote) throw refuse('delimiter and quote are the same')
  if (delimiter === escape) throw refuse('delimiter and escape are the same')
  for (const [name, char] of Object.entries({ delimiter, quote })) {
    if (char && nullText?.includes(char)) throw refuse(`the text for NULL contains the ${name}`)
  }
}
