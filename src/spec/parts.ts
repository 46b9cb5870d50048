/** What a spec with several targets must keep to, and the spec that each of them has by itself. */
import { mustBeTable, ruleFinder } from '../domain/severalTargets.ts'
import type { FullRule } from './several.ts'
import type { FullSpec } from './spec.ts'

/** The spec of one target of several. */
export function partSpec(spec: FullSpec, { match: _, ...into }: FullRule, table: string): FullSpec {
  const { targets: _targets, publish: _publish, unmatched: _unmatched, ...one } = spec
  return { ...one, target: { ...into, table } }
}

/** Whether they are published in one transaction. */
export const isTogether = ({ publish }: { publish?: FullSpec['publish'] | undefined }): boolean =>
  publish !== 'apart'

/** @throws what `refuse` makes of the first problem; table_name_invalid, target_reserved */
export function checkSeveral(
  { targets, publish, unmatched }: FullSpec,
  refuse: (problem: string) => Error,
): void {
  if (!targets) {
    const option = publish === undefined ? unmatched && 'unmatched' : 'publish'
    if (option) throw refuse(`${option} is for several targets, and there is one at most`)
    return
  }
  ruleFinder(targets, refuse)
  for (const [at, { match, table, atomic }] of targets.entries()) {
    mustBeTable(table)
    if (targets.findIndex((each) => each.match === match) < at) {
      throw refuse(`two targets are for ${match}: the second would get no file`)
    }
    if (!atomic && isTogether({ publish })) {
      throw refuse(
        'target.atomic false shows rows early, and the targets are published together: ' +
          'say publish apart',
      )
    }
  }
}
