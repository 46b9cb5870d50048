/** Files of fixed width keep to what every format must, in each of the ways in which they are written. */
import fc from 'fast-check'
import { fixed } from '../../../src/formats/fixed/format.ts'
import { build } from '../../harness.ts'
import { names, type Row, type Subject } from '../asAnIngest.ts'
import { conformance } from '../conformance.ts'

const harness = await build()

interface Way {
  widths: number[]
  newline: '\n' | '\r\n' | '\r'
  bom?: boolean
  /** Characters between two columns that belong to none. */
  gap?: number
  alignRight?: boolean
  /** Lines in front. */
  titles?: string[]
}

const chars = ['a', '7', ' ', '\t', '\\', 'é', '😀', '"', ',', '{', '.', '太', '\u0301', '-']
const lengthOf = (text: string): number => [...text].length

function subjectOf({ widths, newline, bom, gap = 0, alignRight, titles = [] }: Way): Subject {
  const fields = names(widths.length)
  const columns = widths.map((width, at) => {
    const before = widths.slice(0, at).reduce((sum, each) => sum + each + gap, 0)
    const name = fields[at] as string
    return gap === 0 ? `${name}:${width}` : `${name}:${before + 1}-${before + width}`
  })
  const field = (value: string | null, at: number): string => {
    const blanks = ' '.repeat(Math.max(0, (widths[at] as number) - lengthOf(value ?? '')))
    return alignRight ? blanks + (value ?? '') : (value ?? '') + blanks
  }
  const record = (row: Row): string => row.map(field).join('~'.repeat(gap))
  const start = (bom ? '\ufeff' : '') + titles.map((title) => title + newline).join('')
  return {
    format: fixed,
    options: { widths: columns, ...(titles.length > 0 && { skipRows: titles.length }) },
    width: widths.length,
    value: fc
      .array(fc.constantFrom(...chars), { maxLength: Math.min(...widths) })
      .map((each) => each.join('').replace(/^ +| +$/g, '') || null),
    record,
    write: (rows) => Buffer.from(start + rows.map((row) => `${record(row)}${newline}`).join('')),
    bad: { raw: 'x', code: 'wrong_line_width' },
  }
}

const usual: Way = { widths: [8, 9, 12], newline: '\n' }
const ways: Record<string, Way> = {
  'three columns side by side': usual,
  'one column': { ...usual, widths: [12] },
  'CRLF, a BOM and titles': { ...usual, newline: '\r\n', bom: true, titles: ['Wörter', ''] },
  'CR alone': { ...usual, newline: '\r' },
  'columns by their places, with a gap': { ...usual, gap: 2, alignRight: true },
}
for (const [name, way] of Object.entries(ways)) conformance(name, subjectOf(way), harness)
