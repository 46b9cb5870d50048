/** The rows of one sheet while its XML passes: each cell as JSON, by its place. */

import type { XmlHandler } from '../../io/xml.ts'
import { type Area, areaOf, cellAt, columnName, columnsMax, rowsMax } from './cellRef.ts'
import { isoTimed, type Timed, timedOf } from './dates.ts'
import { WorkbookFault } from './fault.ts'
import type { Shows } from './numberFormat.ts'
import { RichText, unescapedText } from './richText.ts'
import type { Strings } from './strings.ts'
import { isTrue } from './workbook.ts'

/** What the cells of a sheet refer to. */
export interface Shared {
  strings: Strings | null
  styles: readonly (Shows | null)[]
  dates: 1900 | 1904
}

/** A row with at least one value. */
export interface SheetRow {
  /** Counted from 1. */
  row: number
  /** JSON texts by column, counted from 0; a hole is an empty cell. */
  cells: string[]
}

/** What a sheet has beside its values. */
export interface Beside {
  hiddenRows: number
  hiddenColumns: string[]
  merged: number
  /** The first of them. */
  mergedRanges: string[]
}

const mergedKept = 1000
const hiddenKept = 100

interface Cell {
  column: number
  type: string
  style: number
}

/** Hears of the elements of a sheet; `take` gives the rows that are complete. */
export class SheetReader implements XmlHandler {
  readonly beside: Beside = { hiddenRows: 0, hiddenColumns: [], merged: 0, mergedRanges: [] }
  readonly #shared: Shared
  readonly #area: Area | null
  #rows: SheetRow[] = []
  #isData = false
  #row = 0
  #cells: string[] | null = null
  #column = 0
  #cell: Cell | null = null
  /** What is open within the cell, from its child down. */
  readonly #within: string[] = []
  #value: string | null = null
  #rich: RichText | null = null

  constructor(shared: Shared, area: Area | null) {
    this.#shared = shared
    this.#area = area
  }

  take(): SheetRow[] {
    const rows = this.#rows
    this.#rows = []
    return rows
  }

  open(name: string, attribute: (name: string) => string | undefined): void {
    if (this.#cell) this.#openInCell(name)
    else if (this.#cells) {
      if (name === 'c') this.#openCell(attribute)
    } else if (this.#isData) {
      if (name === 'row') this.#openRow(attribute('r'), isTrue(attribute('hidden')))
    } else if (name === 'sheetData') this.#isData = true
    else if (name === 'col') this.#hideColumns(attribute)
    else if (name === 'mergeCell') this.#merge(attribute('ref') ?? '')
  }

  text(text: string): void {
    if (this.#rich) this.#rich.text(text)
    else if (this.#within.length === 1 && this.#within[0] === 'v') {
      this.#value = (this.#value ?? '') + text
    }
  }

  close(name: string): void {
    if (this.#cell) {
      if (this.#within.length === 0) this.#closeCell(this.#cell)
      else {
        this.#within.pop()
        this.#rich?.close(name)
      }
    } else if (this.#cells) {
      if (name === 'row') this.#closeRow(this.#cells)
    } else if (name === 'sheetData') this.#isData = false
  }

  #openRow(ref: string | undefined, isHidden: boolean): void {
    const row = ref === undefined ? this.#row + 1 : Number(ref)
    if (!Number.isInteger(row) || row <= this.#row) {
      throw new WorkbookFault(`its row ${ref} stands behind row ${this.#row}`)
    }
    if (row > rowsMax)
      throw new WorkbookFault(`it has a row ${row}, and a sheet has ${rowsMax} at most`)
    this.#row = row
    this.#column = 0
    this.#cells = []
    if (isHidden && this.#isWanted(row)) this.beside.hiddenRows++
  }

  #openCell(attribute: (name: string) => string | undefined): void {
    const ref = attribute('r')
    const at = ref === undefined ? { row: this.#row, column: this.#column + 1 } : cellAt(ref)
    if (!at || at.row !== this.#row || at.column > columnsMax) {
      throw new WorkbookFault(`its row ${this.#row} has a cell ${ref}`)
    }
    if (at.column <= this.#column) {
      const last = columnName(this.#column)
      throw new WorkbookFault(
        `in its row ${this.#row} the cell ${ref} stands behind column ${last}`,
      )
    }
    this.#column = at.column
    const style = Number(attribute('s') ?? 0)
    this.#cell = { column: at.column, type: attribute('t') ?? 'n', style }
    this.#value = null
    this.#rich = null
  }

  #openInCell(name: string): void {
    this.#within.push(name)
    if (this.#within.length === 1 && name === 'is') this.#rich = new RichText()
    else this.#rich?.open(name)
  }

  #closeCell({ column, type, style }: Cell): void {
    const inline = this.#rich?.value ?? null
    const value = type === 'inlineStr' ? inline : this.#value
    this.#cell = null
    this.#rich = null
    const { left, right } = this.#area ?? { left: 1, right: columnsMax }
    if (value === null || column < left || column > right || !this.#isWanted(this.#row)) return
    const json = this.#json(value, type, style)
    if (json !== null) (this.#cells as string[])[column - left] = json
  }

  #closeRow(cells: string[]): void {
    if (cells.length > 0) this.#rows.push({ row: this.#row, cells })
    this.#cells = null
  }

  #isWanted(row: number): boolean {
    return !this.#area || (row >= this.#area.top && row <= this.#area.bottom)
  }

  /** @returns null for an empty cell */
  #json(value: string, type: string, style: number): string | null {
    if (type === 'n') return this.#number(value.trim(), style)
    if (type === 's') return this.#sharedString(value)
    if (type === 'str' || type === 'inlineStr') return JSON.stringify(unescapedText(value))
    if (type === 'b') return isTrue(value.trim()) ? 'true' : 'false'
    if (type === 'e') return tagged('error', value.trim())
    const timed = type === 'd' ? isoTimed(value.trim()) : null
    return timed ? ofTimed(timed) : JSON.stringify(value)
  }

  #sharedString(value: string): string {
    const found = this.#shared.strings?.at(Number(value)) ?? null
    if (found !== null) return found
    throw new WorkbookFault(
      `a cell of its row ${this.#row} has the shared text ${value}, which is not there`,
    )
  }

  #number(value: string, style: number): string | null {
    if (value === '') return null
    const number = Number(value)
    if (!isNumber.test(value)) {
      if (value === 'NaN' || /^[-+]?INF$/.test(value)) return tagged('error', value)
      throw new WorkbookFault(`a cell of its row ${this.#row} has the number ${value.slice(0, 40)}`)
    }
    const shown = this.#shared.styles[style] ?? null
    const timed = shown && timedOf(number, shown, this.#shared.dates)
    return timed ? ofTimed(timed) : asJson(value)
  }

  #hideColumns(attribute: (name: string) => string | undefined): void {
    if (!isTrue(attribute('hidden'))) return
    const { hiddenColumns } = this.beside
    const { left, right } = this.#area ?? { left: 1, right: columnsMax }
    const from = Math.max(left, Number(attribute('min')) || 1)
    const to = Math.min(right, Number(attribute('max')) || from)
    for (let column = from; column <= to && hiddenColumns.length < hiddenKept; column++) {
      hiddenColumns.push(columnName(column))
    }
  }

  #merge(ref: string): void {
    const area = areaOf(ref)
    if (!area) return
    const { beside } = this
    beside.merged++
    if (beside.mergedRanges.length < mergedKept) beside.mergedRanges.push(ref)
  }
}

const tagged = (kind: string, text: string): string => `{"${kind}":${JSON.stringify(text)}}`
const ofTimed = ({ kind, text }: Timed): string => tagged(kind, text)

/** As XML Schema writes a double. */
const isNumber = /^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,9})?$/
const isJsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/

/** JSON has no `+5`, `.5`, `5.` and `007`; all digits stay as they are. */
function asJson(value: string): string {
  if (isJsonNumber.test(value)) return value
  const [, sign = '', whole = '', fraction, exponent = ''] =
    /^([-+]?)0*(\d*)(?:\.(\d*))?([eE].*)?$/.exec(value) ?? []
  const digits = fraction ? `.${fraction}` : ''
  return `${sign === '-' ? '-' : ''}${whole || '0'}${digits}${exponent}`
}
