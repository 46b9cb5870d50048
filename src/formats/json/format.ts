/** JSON, as the rest of Sluice knows it: the elements of a list, or objects one after the other. */
import { Type } from 'typebox'
import type { Options } from '../../domain/option.ts'
import { sluiceError } from '../../errors.ts'
import { hasExtension } from '../fileName.ts'
import type { Format, HeadFile } from '../format.ts'
import { bodyOf, type HeadRecords, headAmong, notJson, ownHead, sampleOf } from '../jsonHead.ts'
import { type JsonOptions, jsonOptions, readingOf } from '../jsonOptions.ts'
import { jsonReader, ofFields } from '../jsonReader.ts'
import { JsonScan } from '../jsonScan.ts'
import { setLimit, space } from '../jsonSyntax.ts'
import { jsonTerms } from '../jsonTerms.ts'
import { jsonKindOf } from '../jsonText.ts'
import { ElementFinder, elementsOf, spansOf } from './elements.ts'
import { valueAt } from './list.ts'
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
  sample: (bytes, head, limits) =>
    sampleOf(bytes, head, {
      ...limits,
      spans: (body, before) => elementsOf(body, before, head.reading.isList),
    }),
  scan: (head, file) => {
    const { isList = false, within = 0 } = head.reading
    return new JsonScan(head, file, new ElementFinder({ isList, within, file: file.name }))
  },
  reader: (reading, columns) => jsonReader(reading, columns, spansOf(reading.isList)),
} satisfies Format<DocumentOptions, DocumentReading>

/** @throws not_json when it has no list where one is said to be, or begins with none and no object */
function look(file: HeadFile, given: DocumentOptions): HeadRecords<DocumentReading> {
  const { name, bytes } = file
  const { body, offset } = bodyOf(bytes)
  const path = given.at?.split('.') ?? []
  if (path.length === 0 && bytes.length > 0 && !isOpened(file)) throw notJson(name, 'JSON', bytes)
  const at = valueAt(body, 0, path) ?? (path.length === 0 ? 0 : -1)
  const isList = body[at] === 91
  if (path.length > 0 && bytes.length > 0 && !isList) {
    const problem = `there is no list at ${given.at} within its first ${bytes.length} bytes`
    throw sluiceError('not_json', { file: name, format: 'JSON', problem })
  }
  const start = { offset: offset + Math.max(0, at) + (isList ? 1 : 0), lines: 0 }
  const within = path.length
  const reading: DocumentReading = {
    ...{ ...readingOf(given), kind: 'json', newline: '\n' },
    ...(isList && { isList, within }),
  }
  return { reading, start, records: elementsOf(bytes.subarray(start.offset), 0, isList) }
}

/** Does it begin with a bracket? */
function isOpened({ bytes }: HeadFile): boolean {
  const { body } = bodyOf(bytes)
  setLimit(body.length)
  const first = body[space(body, 0)]
  return first === 91 || first === 123
}
