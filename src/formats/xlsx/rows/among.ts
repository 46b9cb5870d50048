/** How one file of several is read, where its own first rows leave it open. */
import { findColumns } from '../../../domain/names.ts'
import type { Head, Known } from '../../format.ts'
import type { HeadOptions } from './head.ts'
import type { RowsReading } from './reading.ts'

interface Context extends Pick<Known, 'firstTable'> {
  options: HeadOptions & Pick<Known['options'], 'unknownFiles'>
}

/** @param headBy the head of the file as it is by itself, or as it is said whether it has a header */
export function headAmong<R extends RowsReading>(
  { options, firstTable }: Context,
  headBy: (header?: boolean) => Head<R>,
): { head: Head<R> } | { leftOut: string } {
  const head = headBy()
  if (!firstTable) return { head }
  const { header: names, width } = firstTable
  const known = ({ header }: Head<R>): number =>
    names && header ? findColumns(header, names).filter(Boolean).length : 0
  if (head.width === 1 && width > 1 && known(head) === 0)
    return { leftOut: 'text that is no table' }
  if (options.header !== undefined || options.columns || !names) return { head }
  if (head.reading.header) {
    // Its names may be the values of a first record that is all text.
    const isData = options.unknownFiles === 'position' && head.width === width && known(head) === 0
    return { head: isData ? headBy(false) : head }
  }
  // Names like 2024 look like values, but not where the other files have them in their header.
  const named = head.width > 0 ? headBy(true) : head
  return { head: known(named) * 2 > named.width ? named : head }
}
