/** The rows of Avro files keep to what every format must, from the bytes of their values on. */
import fc from 'fast-check'
import { headLine } from '../../../src/domain/unfolded.ts'
import { columnsOf } from '../../../src/formats/avro/columns.ts'
import { Cursor } from '../../../src/formats/avro/cursor.ts'
import { avro } from '../../../src/formats/avro/format.ts'
import { RowText } from '../../../src/formats/avro/rowText.ts'
import { schemaOf } from '../../../src/formats/avro/schema.ts'
import { writtenLine } from '../../../src/formats/copyText.ts'
import { build } from '../../harness.ts'
import { names, type Row, type Subject } from '../asAnIngest.ts'
import { conformance } from '../conformance.ts'
import { optional, recordOf, string } from './encoded.ts'

const harness = await build()

const value = fc.option(
  fc.string({
    unit: fc.constantFrom('a', '7', ' ', '\t', '\\', '\n', '\r', 'é', '😀', '"', ',', '{', '.'),
    maxLength: 9,
  }),
  { freq: 5 },
)

function subjectOf(width: number): Subject {
  const fields = names(width).map((name) => [name, ['null', 'string']])
  const schema = schemaOf(Buffer.from(JSON.stringify(recordOf(Object.fromEntries(fields)))))
  const columns = columnsOf(schema)
  const head = headLine(columns, [])
  const encoded = (row: Row) => row.map((text) => optional(text === null ? null : string(text)))
  return {
    format: avro,
    options: {},
    width,
    value,
    record: (row) => writtenLine(row).slice(0, -1),
    write(rows) {
      const from = new Cursor()
      from.open(Buffer.concat(rows.flatMap(encoded)))
      const text = new RowText()
      for (const _ of rows) {
        for (const [at, { write }] of columns.entries()) {
          if (at > 0) text.field()
          write(from, text)
        }
        text.endRow()
      }
      return Buffer.concat([Buffer.from(head), text.taken()])
    },
    uncounted: 1,
    bad: null,
  }
}

conformance('rows of three columns', subjectOf(3), harness)
conformance('rows of one column', subjectOf(1), harness)
