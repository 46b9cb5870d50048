/** Objects one after the other keep to what every format must. */
import fc from 'fast-check'
import { json } from '../../../src/formats/json/format.ts'
import { build } from '../../harness.ts'
import { names, type Row, type Subject } from '../asAnIngest.ts'
import { conformance } from '../conformance.ts'

const harness = await build()

const record = (row: Row): string =>
  `{ ${row.map((value, at) => `"${names(row.length)[at]}": ${JSON.stringify(value)}`).join(', ')} }`

const subjectOf = (width: number): Subject => ({
  format: json,
  options: {},
  width,
  value: fc.option(
    fc.string({
      unit: fc.constantFrom('a', '7', ' ', '\t', '\\', '\n', '"', ',', '{', ']', 'é', '😀'),
      maxLength: 9,
    }),
    { nil: null },
  ),
  record,
  write: (rows) => Buffer.from(rows.map((row) => `${record(row)}\n`).join('')),
  bad: { raw: '{"c0":NaN}', code: 'json_invalid' },
})

conformance('one after the other', subjectOf(2), harness)
