/** What the shape of a table must keep to that its schema cannot say. */
import { parseDeclared } from '../domain/declared.ts'
import { problemOfName } from '../domain/mapping.ts'
import { parsePartition } from '../domain/partition.ts'
import type { FullTarget } from './target.ts'
import { transformOf } from './transform.ts'

/** What to do in place of an option, where a SELECT makes the rows. */
const instead = {
  columns: 'cast the values in the SELECT',
  primaryKey: 'make the table with its key before',
  indexes: 'make the table with its indexes before',
  partitionBy: 'make the table with its partitions before',
}
const shapes = ['columns', 'primaryKey', 'indexes', 'partitionBy'] as const

/** @throws what `refuse` makes of a name or a declaration that cannot be */
export function checkShape(target: FullTarget, refuse: (problem: string) => Error): void {
  const { columns = {}, rename = {}, drop = [], set = {}, add = [] } = target
  const own = shapes.find((name) => target[name])
  if (own !== undefined && transformOf(target) !== null) {
    throw refuse(
      `target.${own} is not for rows that target.select and target.where make: ${instead[own]}`,
    )
  }
  const keyed = (['primaryKey', 'indexes'] as const).find((name) => target[name])
  if (keyed !== undefined && target.key) {
    throw refuse(
      `target.${keyed} is not for the mode ${target.mode}: target.key makes the primary key`,
    )
  }
  checkPartition(target, refuse)
  for (const [name, text] of Object.entries(columns)) {
    const problem = problemOfName(name)
    if (problem) throw refuse(`target.columns has the name ${JSON.stringify(name)}, ${problem}`)
    const declared = parseDeclared(name, text)
    if (typeof declared === 'string') {
      throw refuse(`target.columns.${name} is ${JSON.stringify(text)}: ${declared}`)
    }
  }
  for (const name of [...Object.values(rename), ...Object.keys(set)]) {
    const problem = problemOfName(name)
    if (problem) throw refuse(`a column is to be called ${JSON.stringify(name)}, ${problem}`)
  }
  const given = [...Object.values(rename), ...Object.keys(set), ...add]
  const twice = given.find((name, at) => given.indexOf(name) < at)
  if (twice !== undefined) throw refuse(`target names the column ${twice} twice`)
  const both = drop.find((name) => name in rename)
  if (both !== undefined) throw refuse(`the field ${both} is renamed, and left out`)
}

function checkPartition(
  { partitionBy, atomic, key, mode }: FullTarget,
  refuse: (problem: string) => Error,
): void {
  if (partitionBy === undefined) return
  const partition = parsePartition(partitionBy)
  if (typeof partition === 'string') {
    throw refuse(`target.partitionBy is ${JSON.stringify(partitionBy)}: ${partition}`)
  }
  if (!atomic) {
    throw refuse(
      'target.partitionBy is not for target.atomic false: partitions are made for the rows that are there at the end',
    )
  }
  if (key) {
    throw refuse(`target.partitionBy is not for the mode ${mode}: ${instead.partitionBy}`)
  }
}
