/** NDJSON, as the rest of Sluice knows it: each line is an object. */
import { hasExtension } from '../fileName.ts'
import type { Format, HeadFile } from '../format.ts'
import { bodyOf, type HeadRecords, headAmong, notJson, ownHead, sampleOf } from '../jsonHead.ts'
import { type JsonOptions, jsonOptions, readingOf } from '../jsonOptions.ts'
import { jsonReader, ofFields, type Spans } from '../jsonReader.ts'
import { jsonTerms } from '../jsonTerms.ts'
import { jsonKindOf } from '../jsonText.ts'
import { newlineByte, newlineIn } from '../lines.ts'
import { recordsOf } from './lines.ts'
import type { NdjsonReading } from './reading.ts'
import { lineScan } from './scan.ts'

const extensions = ['ndjson', 'jsonl', 'ldjson']

function spansBy(reading: NdjsonReading): Spans {
  const newline = newlineByte(reading.newline)
  return {
    between: { newline, isList: false },
    of: (slice, lines) => recordsOf(slice, newline, lines),
  }
}

export const ndjson = {
  kind: 'ndjson',
  options: jsonOptions,
  extensions,
  check: () => {},
  empty: { kind: 'ndjson', newline: '\n', keys: [] },
  recognise(file) {
    if (jsonKindOf(file.bytes) === 'NDJSON') return 'certainly'
    if (!mayHaveRecords(file)) return 'no'
    return hasExtension(file, extensions) ? 'certainly' : 'perhaps'
  },
  head: (file, options) => ownHead(file, options, look),
  headIn: (file, known) =>
    file.isNamed || mayHaveRecords(file)
      ? headAmong(file, known, look)
      : { leftOut: 'text that is no NDJSON' },
  isTable: (_, { width }) => width > 0,
  differences: () => [],
  terms: jsonTerms,
  ofUnit: ofFields,
  sample: (bytes, head, limits) =>
    sampleOf(bytes, head, { ...limits, spans: spansBy(head.reading).of }),
  scan: lineScan,
  reader: (reading, columns) => jsonReader(reading, columns, spansBy(reading)),
} satisfies Format<JsonOptions, NdjsonReading>

/** @throws not_json when no line can be a value of JSON that has parts */
function look(file: HeadFile, options: JsonOptions): HeadRecords<NdjsonReading> {
  const { name, bytes } = file
  if (!mayHaveRecords(file)) throw notJson(name, 'NDJSON', bytes)
  const { body, offset } = bodyOf(bytes)
  const newline = newlineIn(body)
  const reading = { ...readingOf(options), kind: 'ndjson' as const, newline }
  const start = { offset, lines: 0 }
  return { reading, start, records: recordsOf(body, newlineByte(newline), 0) }
}

/** A file without bytes may be anything. */
function mayHaveRecords({ bytes }: HeadFile): boolean {
  return (
    bytes.length === 0 ||
    /(^|[\r\n])[ \t]*[[{]|^\s*$/.test(bytes.toString('latin1').replace(/^\xef\xbb\xbf/, ''))
  )
}
