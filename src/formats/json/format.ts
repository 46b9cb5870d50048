/** JSON, as the rest of Sluice knows it: the elements of a list, or objects one after the other. */
import { Type } from 'typebox'
import type { Options } from '../../domain/option.ts'
import { hasExtension } from '../fileName.ts'
import type { Format, Head, HeadFile } from '../format.ts'
import { bodyOf, type HeadRecords, headAmong, notJson, ownHead, sampleOf } from '../jsonHead.ts'
import { type JsonOptions, jsonOptions, readingOf } from '../jsonOptions.ts'
import { jsonReader, ofFields } from '../jsonReader.ts'
import { JsonScan } from '../jsonScan.ts'
import { setLimit, space } from '../jsonSyntax.ts'
import { jsonTerms } from '../jsonTerms.ts'
import { jsonKindOf } from '../jsonText.ts'
import { ElementFinder, elementsOf, spansOf } from './elements.ts'
import { ListFinder, noList } from './list.ts'
import type { DocumentReading } from './reading.ts'

const extensions = ['json', 'geojson']

interface DocumentOptions extends JsonOptions {
  at?: string
}

const options = {
  ...jsonOptions,
  at: {
    schema: Type.String({ minLength: 1, maxLength: 1000, pattern: '^[^.]+(\\.[^.]+)*$' }),
    about: 'where the list is within the document: keys with points between them',
    absent: 'the document is the list, one record, or several one after the other',
    must: 'keys with points between them',
    flag: { text: '--at <path>' },
    example: '--at data.items',
  },
} satisfies Options

export const json = {
  kind: 'json',
  options,
  extensions,
  check: () => {},
  empty: { kind: 'json', newline: '\n', keys: [] },
  recognise(file) {
    const kind = jsonKindOf(file.bytes)
    if (kind === 'JSON') return 'certainly'
    if (kind !== null || !isOpened(file)) return 'no'
    return hasExtension(file, extensions) ? 'certainly' : 'perhaps'
  },
  head: (file, given) => ownHead(file, given, look),
  headIn: (file, known) =>
    file.isNamed || file.bytes.length === 0 || isOpened(file)
      ? headAmong(file, known, look)
      : { leftOut: 'text that is no JSON' },
  isTable: (_, { width }) => width > 0,
  differences: () => [],
  terms: jsonTerms,
  ofUnit: ofFields,
  sample: (bytes, head: DocumentHead, limits) =>
    sampleOf(head.at ? bytes.subarray(0, head.start.offset) : bytes, head, {
      ...limits,
      spans: (body, before) => elementsOf(body, before, head.reading.isList),
    }),
  scan: (head: DocumentHead, file) => {
    const { isList = false, within = 0 } = head.reading
    const { at } = head
    const around = { isList, within, file: file.name, ...(at && { at }) }
    return new JsonScan(head, file, new ElementFinder(around))
  },
  reader: (reading, columns) => jsonReader(reading, columns, spansOf(reading.isList)),
} satisfies Format<DocumentOptions, DocumentReading>

/** The path to a list that was not found yet: it begins behind the first bytes. */
interface DocumentHead extends Omit<Head<DocumentReading>, 'notes'> {
  at?: string[]
}

/** @throws not_json when it has no list where one is said to be, or begins with none and no object */
function look(file: HeadFile, given: DocumentOptions): HeadRecords<DocumentReading> {
  const { name, bytes } = file
  const { body, offset } = bodyOf(bytes)
  const reading = { ...readingOf(given), kind: 'json' as const, newline: '\n' as const }
  const path = given.at?.split('.') ?? []
  if (path.length > 0) return lookWithin(file, path, reading)
  if (bytes.length > 0 && !isOpened(file)) throw notJson(name, 'JSON', bytes)
  setLimit(body.length)
  const first = space(body, 0)
  const isList = body[first] === 91
  const start = { offset: offset + first + (isList ? 1 : 0), lines: 0 }
  const records = elementsOf(bytes.subarray(start.offset), 0, isList)
  return { reading: isList ? { ...reading, isList, within: 0 } : reading, start, records }
}

/** A list that is not in the first bytes is found by the scan. */
function lookWithin(
  { name, bytes, whole }: HeadFile,
  path: string[],
  own: DocumentReading,
): HeadRecords<DocumentReading> {
  const { body, offset } = bodyOf(bytes)
  const finder = new ListFinder(path)
  const found = finder.find(body, 0)
  const reading: DocumentReading = { ...own, isList: true, within: path.length }
  if (found >= 0) {
    const start = { offset: offset + found, lines: 0 }
    return { reading, start, records: elementsOf(bytes.subarray(start.offset), 0, true) }
  }
  if (bytes.length > 0 && (finder.isLost || whole)) throw noList(name, path)
  return { reading, start: { offset, lines: 0 }, records: [], at: path }
}

/** Does it begin with a bracket? */
function isOpened({ bytes }: HeadFile): boolean {
  const { body } = bodyOf(bytes)
  setLimit(body.length)
  const first = body[space(body, 0)]
  return first === 91 || first === 123
}
