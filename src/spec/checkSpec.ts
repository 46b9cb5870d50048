/** What a spec must keep to that its schema cannot say. */

import { checkRoutes } from '../domain/routes.ts'
import { dotted } from '../domain/schemaProblems.ts'
import { leavesOutByAge } from '../domain/selection.ts'
import { showTables } from '../domain/severalTargets.ts'
import { mustBeAllowed, parseTableName, showTable, type TableName } from '../domain/table.ts'
import { type LimitsByVerb, normalLimits } from '../domain/timeLimits.ts'
import { undoableModes } from '../domain/undo.ts'
import { sluiceError } from '../errors.ts'
import { checkSourceOptions, formatMadeBy } from '../sources/index.ts'
import { encodingOf } from '../unpack/encoding.ts'
import { isOverAll } from './countOrShare.ts'
import { checkExpect } from './expect.ts'
import { checkFormat } from './format.ts'
import { withFlags } from './groups.ts'
import { modeProblem, removesAbsent } from './modes.ts'
import { checkSeveral, partSpec } from './parts.ts'
import { checkShape } from './shape.ts'
import { type FullSpec, factsOf, fullSpec, type IngestSpec } from './spec.ts'
import type { FullTarget } from './target.ts'
import { isWhole, transformOf } from './transform.ts'

interface Checked {
  full: FullSpec
  table: TableName | null
  /** As people write it, or several; null without. */
  target: string | null
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
  const refuse = (problem: string) => sluiceError('spec_invalid', { problem: withFlags(problem) })
  if (spec.target && spec.targets) throw refuse('it has both a target and targets')
  checkSeveral(full, refuse)
  if (!full.target && !full.targets && !full.steps) {
    throw refuse('it has neither a target nor steps')
  }
  const parts = full.targets?.map((rule) => partSpec(full, rule, rule.table))
  for (const one of parts ?? [full]) checkOne(one, refuse)
  checkSourceOptions(full.source)
  checkMade(full, refuse)
  checkFormat(full.format, refuse)
  if (full.format.encoding) encodingOf(full.format.encoding)
  const refuseAt = (name: string) => (at: string, problem: string) =>
    refuse(`${dotted(`/${name}${at}`)}: ${problem}`)
  checkExpect(full.expect ?? [], refuseAt('expect'))
  checkRoutes(full.routes ?? [], { refuse: refuseAt('routes'), paths: factsOf(full).paths })
  const limits = normalLimits(full.timeouts ?? {}, refuseAt('timeouts'))
  const target = full.targets ? showTables(full.targets) : table && showTable(table)
  return { full, table, target, limits, subject: table?.name ?? full.steps?.[0] ?? 'ingest' }
}

/** What depends on the target. */
function checkOne(spec: FullSpec, refuse: (problem: string) => Error): void {
  const { target } = spec
  if (target) checkTarget(target, refuse)
  mustBePublishedAtOnce(spec, refuse)
  mustReadAll(spec, refuse)
  if (target) checkShape(target, refuse)
  const { max } = spec.rejects
  if (isOverAll(max)) throw refuse(`rejects.max is ${max}, and a share is at most 100%`)
}

/** What looks at the rows before they are published needs all of them in one place. */
function mustBePublishedAtOnce(
  { expect, target }: FullSpec,
  refuse: (problem: string) => Error,
): void {
  if (target?.where !== undefined && isWhole(target.select)) {
    throw refuse('target.select is a whole SELECT: say target.where in it')
  }
  if (transformOf(target) !== null && !target?.atomic) {
    throw refuse('target.select and target.where are for rows that are published at once')
  }
  if (!expect || target?.atomic) return
  const why = target
    ? 'with target.atomic false units are visible before all rows are there'
    : 'there is no target'
  throw refuse(`expect is for rows that are published at once, and ${why}`)
}

function checkTarget(target: FullTarget, refuse: (problem: string) => Error): void {
  const { mode, undo, keep } = target
  const ofMode = modeProblem(target)
  if (ofMode) throw refuse(ofMode)
  if (target.unique !== undefined && target.key) {
    throw refuse(`target.unique is for the modes append and replace, not for ${mode}`)
  }
  if (transformOf(target) !== null && mode !== 'append' && mode !== 'replace') {
    throw refuse(
      `target.select and target.where are for the modes append and replace, not for ${mode}`,
    )
  }
  if (keep && !undo) {
    throw refuse(
      'target.keep says how long an ingest can be taken back, and target.undo is not set',
    )
  }
  if (undo && !undoableModes.includes(mode)) {
    throw refuse(`target.undo is for the modes ${undoableModes.join(', ')}, not for ${mode}`)
  }
}

/** What the files do not have is deleted or retired, so a part of the files would delete what the others have. */
function mustReadAll(
  { target, source, format }: FullSpec,
  refuse: (problem: string) => Error,
): void {
  if (!target || !removesAbsent(target)) return
  const option = leavesOutByAge(source) ?? (format.unknownFiles === 'skip' && 'unknownFiles: skip')
  if (!option) return
  const does = target.mode === 'sync' ? 'deletes' : 'retires'
  throw refuse(
    `the mode ${target.mode} ${does} what the files do not have, and ${option} leaves files out`,
  )
}

/** Rows that come from a database are in no file: there is nothing to say of how they are written. */
function checkMade({ source, format, steps }: FullSpec, refuse: (problem: string) => Error): void {
  const made = formatMadeBy(source)
  if (made === null) return
  const { kind, ...options } = format
  const [option] = Object.keys(options)
  const given = kind === 'auto' ? option : 'kind'
  if (given !== undefined) {
    throw refuse(`format.${given} is for files, and the source ${source.kind} has none`)
  }
  if (steps) throw refuse(`steps are for files, and the source ${source.kind} has none`)
}
