/**
 * A header of several rows whose cells were merged in a spreadsheet: a name stands above the first
 * of its columns, the fields beside it are empty, and a row below names each of these columns.
 *
 * A row of data is not taken for such names. Either it has nothing but names below merged cells,
 * and nothing where the first row names single columns, two at least, or each name stands above values.
 */

import type { Values } from './header.ts'
import { kindOf, kindOfColumn } from './kinds.ts'

const headerRowsMax = 4
const recordsMax = 500

/** Columns side by side that share one name: from the first to the one behind the last. */
interface Group {
  from: number
  to: number
}

/**
 * How many of the first records are such a header; 1 when the first one is none.
 * @param records their values field by field, the header included
 */
export function mergedRowsIn(records: readonly Values[]): number {
  const rows = records.slice(0, headerRowsMax).map((record) => record.map(textOf))
  const [top = [], ...below] = rows
  let groups = groupsIn(top, { from: top.findIndex((text) => text !== ''), to: top.length })
  /** Those that a row in between has made of a wider one: they want names of their own. */
  let parts: Group[] = []
  let isAlone = true
  for (const [at, row] of below.entries()) {
    const isFit = row.length === top.length && row.every(isNameOrEmpty)
    if (!isFit) return 1
    if (row.every((text) => text === '')) continue
    const wide = groups.filter(isWide)
    const named = wide.filter(({ from }) => row[from] !== '')
    const isBeside = ({ from, to }: Group) => row.slice(from, to).every((text) => text === '')
    if (named.length === 0 || !wide.every((each) => named.includes(each) || isBeside(each)))
      return 1
    isAlone &&= groups.every((each) => isWide(each) || isBeside(each))
    const isOpen = parts.some((part) => !named.includes(part))
    if (isOpen) return 1
    const full = named.filter((group) => areNames(row, group))
    if (full.length === named.length) {
      const data = records.slice(at + 2)
      const single = groups.filter((group) => isBeside(group) && !isWide(group))
      const isHeader =
        isAlone && single.length > 1 ? isAnyFilled(data, single) : areTyped(data, named)
      return isHeader ? at + 2 : 1
    }
    const split = new Map(named.map((group) => [group, groupsIn(row, group)]))
    parts = named.flatMap((group) => (full.includes(group) ? [] : (split.get(group) ?? [])))
    parts = parts.filter(isWide)
    groups = groups.flatMap((group) => split.get(group) ?? [group])
  }
  return 1
}

const textOf = (value: string | null): string => (value ?? '').trim()

const isNameOrEmpty = (text: string): boolean => text === '' || kindOf(text) === 'text'

const isWide = ({ from, to }: Group): boolean => to - from > 1

/** What stands in a row begins a group, down to what stands there next. */
function groupsIn(row: readonly string[], { from, to }: Group): Group[] {
  if (from < 0) return []
  const starts = row.flatMap((text, at) => (at >= from && at < to && text !== '' ? [at] : []))
  return starts.map((start, no) => ({ from: start, to: starts[no + 1] ?? to }))
}

/** Each column of the group has a name, and no other one has the same. */
function areNames(row: readonly string[], { from, to }: Group): boolean {
  const names = row.slice(from, to)
  return !names.includes('') && new Set(names).size === names.length
}

const isAnyFilled = (data: readonly Values[], groups: readonly Group[]): boolean =>
  data
    .slice(0, recordsMax)
    .some((values) => groups.some(({ from }) => textOf(values[from] ?? null) !== ''))

/** Has each column of these groups values, and no texts? */
function areTyped(data: readonly Values[], groups: readonly Group[]): boolean {
  const few = data.slice(0, recordsMax)
  return groups.every(({ from, to }) =>
    Array.from({ length: to - from }, (_, at) =>
      kindOfColumn(few.map((values) => values[from + at] ?? null)),
    ).every((kind) => kind !== 'text' && kind !== 'empty'),
  )
}
