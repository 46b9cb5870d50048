/** The columns of a file of fixed width, as its option says them: `id:6` or `id:1-6`. */
import { sluiceError } from '../../errors.ts'

/** Where a column lies in a line: characters, the first of which is 0, up to one that is not in it. */
export type Place = readonly [from: number, to: number]

export interface Columns {
  names: string[]
  places: Place[]
}

const form = /^(.+):(\d+)(?:-(\d+))?$/s

/** A column with a width alone begins behind the one before it. @throws dialect_invalid */
export function columnsOf(widths: readonly string[]): Columns {
  const names: string[] = []
  const places: Place[] = []
  let behind = 0
  for (const text of widths) {
    const [, name = '', first = '', last] = form.exec(text) ?? []
    const from = last === undefined ? behind : Number(first) - 1
    const to = last === undefined ? behind + Number(first) : Number(last)
    if (from < 0 || to <= from) throw refuse(`the column ${text} has no characters`)
    if (names.includes(name.trim())) throw refuse(`two columns are called ${name.trim()}`)
    names.push(name.trim())
    places.push([from, to])
    behind = to
  }
  return { names, places }
}

/** How many characters a line has. */
export const lineWidth = (places: readonly Place[]): number =>
  places.reduce((most, [, to]) => Math.max(most, to), 0)

const refuse = (problem: string): Error => sluiceError('dialect_invalid', { problem })
