/** The sheets of workbooks keep to what every format must, in each way in which they may begin. */
import fc from 'fast-check'
import { formats } from '../../../src/formats/index.ts'
import { build } from '../../harness.ts'
import type { Row, Subject } from '../asAnIngest.ts'
import { conformance } from '../conformance.ts'

const harness = await build()

const title = '{"sheet":"Orders"}'
const record = (row: Row): string => JSON.stringify(row)

/** What a cell of text may hold, and none. */
const value = fc.option(
  fc.string({
    unit: fc.constantFrom('a', '7', ' ', '\t', '\\', '\n', '\r', 'é', '😀', '"', ',', '{', ']'),
    maxLength: 9,
  }),
  { freq: 5 },
)

interface Way {
  header: boolean
  width: number
  /** Empty cells in front of the table. */
  from: number
  blank: boolean
}

function subjectOf({ header, width, from, blank }: Way): Subject {
  const before = Array.from({ length: from }, () => null)
  const names = Array.from({ length: width }, (_, at) => `name ${at}`)
  const line = (row: Row) => record([...before, ...row])
  // So that the table begins where it does, whatever the values are.
  const first = header ? `${line(names)}\n` : ''
  return {
    format: formats.xlsx,
    options: header ? { header: true } : { header: false, columns: names },
    width,
    value,
    record: line,
    write: (rows) =>
      Buffer.from(title + first + rows.map((row) => `${line(row)}\n${blank ? '\n' : ''}`).join('')),
    bad: { raw: '[1,2', code: 'not_cells' },
  }
}

const ways: Record<string, Way> = {
  'a sheet with a header': { header: true, width: 3, from: 0, blank: false },
  'a table further right, with empty rows': { header: true, width: 2, from: 2, blank: true },
}
for (const [name, way] of Object.entries(ways)) conformance(name, subjectOf(way), harness)
