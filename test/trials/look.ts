/** What reading the head of a text tells. */
import { readHead } from '../../src/formats/csv/head.ts'
import type { CsvOptions } from '../../src/formats/csv/options.ts'
import { soundRecords, valuesOf } from '../../src/formats/csv/records.ts'

/** The head, and the records behind it: field by field. */
export function look(text: string | Buffer, format: CsvOptions = {}) {
  const bytes = Buffer.from(text as string)
  const head = readHead(bytes, { name: 'x.csv', sizeBytes: bytes.length }, format)
  const body = bytes.subarray(head.start.offset)
  const spans = [...soundRecords(body, head.dialect, { recordBytesMax: body.length })]
  const records = spans
    .filter(({ blank }) => !blank)
    .map(({ start, end }) => valuesOf(body.subarray(start, end), head.dialect))
  return { ...head, records, codes: head.notes.map(({ code }) => code) }
}

export const lines = (make: (n: number) => string, count = 20) =>
  Array.from({ length: count }, (_, n) => `${make(n)}\n`).join('')
