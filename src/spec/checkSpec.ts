/** What a spec must keep to that its schema cannot say. */

import { checkRoutes } from '../domain/routes.ts'
import { dotted } from '../domain/schemaProblems.ts'
import { mustBeAllowed, parseTableName, type TableName } from '../domain/table.ts'
import { type LimitsByVerb, normalLimits } from '../domain/timeLimits.ts'
import { sluiceError } from '../errors.ts'
import { checkSourceOptions } from '../sources/index.ts'
import { encodingOf } from '../unpack/encoding.ts'
import { checkFormat } from './format.ts'
import { type FullSpec, factsOf, fullSpec, type IngestSpec } from './spec.ts'

interface Checked {
  full: FullSpec
  table: TableName | null
  limits: LimitsByVerb
  /** What an id that is made up begins with. */
  subject: string
}

/**
 * Fills in the defaults, and checks what can be checked without looking at files and tables.
 * @throws spec_invalid, source_unsupported, table_name_invalid, target_reserved, dialect_invalid,
 *   encoding_unknown
 */
export function checkSpec(spec: IngestSpec): Checked {
  const full = fullSpec(spec)
  const table = full.target && parseTableName(full.target.table)
  if (table) mustBeAllowed(table)
  const refuse = (problem: string) => sluiceError('spec_invalid', { problem })
  if (!full.target && !full.steps) throw refuse('it has neither a target nor steps')
  if (full.target?.mode === 'replace' && !full.target.atomic) {
    throw refuse('target.atomic can be false only with the mode append')
  }
  const { max } = full.rejects
  if (typeof max === 'string' && Number.parseFloat(max) > 100) {
    throw refuse(`rejects.max is ${max}, and a share is at most 100%`)
  }
  checkSourceOptions(full.source)
  checkFormat(full.format, refuse)
  if (full.format.encoding) encodingOf(full.format.encoding)
  const refuseAt = (name: string) => (at: string, problem: string) =>
    refuse(`${dotted(`/${name}${at}`)}: ${problem}`)
  checkRoutes(full.routes ?? [], { refuse: refuseAt('routes'), paths: factsOf(full).paths })
  const limits = normalLimits(full.timeouts ?? {}, refuseAt('timeouts'))
  return { full, table, limits, subject: table?.name ?? full.steps?.[0] ?? 'ingest' }
}
