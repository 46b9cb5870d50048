/** The targets of a dry run, each with the files that it gets. */
import { LeftOut } from '../../../domain/leftOut.ts'
import { TargetSorter } from '../../../domain/severalTargets.ts'
import { showTable } from '../../../domain/table.ts'
import { sluiceError } from '../../../errors.ts'
import { partSpec } from '../../../spec/parts.ts'
import type { FullRule } from '../../../spec/several.ts'
import { type FullSpec, factsOf, type IngestSpec } from '../../../spec/spec.ts'
import type { Target } from '../../../spec/target.ts'
import type { Listing } from './files.ts'

export interface PartGiven {
  full: FullSpec
  /** What the client said of the target, without what holds if it is absent. */
  said: Partial<Target>
  listing: Listing
}

/**
 * Targets that get no file are not among them.
 * @throws file_without_target, file_names_no_table, targets_collide, targets_too_many,
 *   targets_without_files
 */
export function partsOf(listing: Listing, given: IngestSpec, full: FullSpec): PartGiven[] {
  const { targets, unmatched } = full
  if (!targets) return [{ full, said: given.target ?? {}, listing }]
  const { leftOut } = listing
  const sorter = new TargetSorter(targets, { mayLeaveOut: unmatched === 'skip' })
  const parts = new Map<string, PartGiven>()
  const enter = (rule: FullRule, table: string): PartGiven => {
    const said = given.targets?.[targets.indexOf(rule)] ?? given.target ?? {}
    // What was left out is told once.
    const told = parts.size === 0 ? leftOut : new LeftOut()
    return { full: partSpec(full, rule, table), said, listing: { files: [], leftOut: told } }
  }
  for (const file of listing.files) {
    const found = sorter.targetOf(file.name)
    if (found === null) leftOut.addWithoutTarget(file.name)
    else {
      const table = showTable(found.table)
      const part = parts.get(table) ?? enter(found.rule, table)
      part.listing.files.push(file)
      parts.set(table, part)
    }
  }
  if (parts.size > 0) return [...parts.values()]
  const path = factsOf(full).paths.join(', ')
  throw sluiceError('targets_without_files', { path, files: leftOut.withoutTarget.shown })
}
