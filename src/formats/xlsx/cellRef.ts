/** Where cells lie: `B7`, and ranges of them. Rows and columns are counted from 1. */

export const rowsMax = 1_048_576
export const columnsMax = 16_384

export interface Area {
  left: number
  top: number
  right: number
  bottom: number
}

/** `A` is 1. */
function columnNo(letters: string): number {
  let column = 0
  for (const letter of letters.toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 64
  return column
}

export function columnName(column: number): string {
  let name = ''
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name
  }
  return name
}

/** @returns null for what is no cell of a sheet */
export function cellAt(ref: string): { column: number; row: number } | null {
  const [, letters = '', digits = ''] = /^([A-Z]{1,3})(\d{1,7})$/i.exec(ref) ?? []
  const column = columnNo(letters)
  const row = Number(digits)
  return column > 0 && column <= columnsMax && row > 0 && row <= rowsMax ? { column, row } : null
}

/** `A1:D99`, `A:D`, or one cell. @returns null for what is no range of a sheet */
export function areaOf(range: string): Area | null {
  const [from = '', to = from, ...more] = range.replaceAll('$', '').split(':')
  const columns = /^[A-Z]{1,3}$/i
  const isColumns = columns.test(from) && columns.test(to)
  const start = cellAt(isColumns ? `${from}1` : from)
  const end = cellAt(isColumns ? `${to}${rowsMax}` : to)
  if (!start || !end || more.length > 0 || start.column > end.column || start.row > end.row) {
    return null
  }
  return { left: start.column, top: start.row, right: end.column, bottom: end.row }
}
