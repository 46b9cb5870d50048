/** The records of slices of a file of fixed width. */
import { isAscii } from 'node:buffer'
import type { Column } from '../../domain/columns.ts'
import type { TrimCount } from '../../domain/trimCount.ts'
import { rejectReason } from '../../errors/rejects.ts'
import type { Broken, Fault, Reader, Written } from '../reader.ts'
import { absentField, changesTerms, Rewriter } from '../rewrite.ts'
import { FieldPlaces } from './fields.ts'
import { recordsBy } from './lines.ts'
import type { FixedReading } from './reading.ts'

export function fixedReader(reading: FixedReading, columns: readonly Column[]): Reader {
  const fields = new FieldPlaces(reading)
  const found = (raw: Buffer) => {
    fields.find(raw, [0, raw.length], false)
    return fields
  }
  return {
    ...(reading.dates && { dates: reading.dates }),
    changesTerms: changesTerms(reading, columns),
    // COPY has no columns by their places.
    asIs: null,
    records: recordsBy(reading),
    write: (slice, before, trims) => written(slice, before, { reading, columns, fields, trims }),
    values: (raw) => valuesOf(raw, found(raw), reading),
    width: (raw) =>
      found(raw).spans.filter((kind, at) => at % 3 === 2 && kind !== absentField).length,
    ragged(raw) {
      const { isShort, restBytes } = found(raw)
      return { dropped: restBytes > 0 ? [restBytes] : [], isPadded: isShort }
    },
    isPart: () => false,
  }
}

interface Writing {
  reading: FixedReading
  columns: readonly Column[]
  fields: FieldPlaces
  trims?: TrimCount | undefined
}

function written(
  slice: Buffer,
  before: number,
  { reading, columns, fields, trims }: Writing,
): Written {
  const writer = new Rewriter(slice, { terms: reading, columns })
  const broken: Broken[] = []
  const lines: number[] = []
  const starts: number[] = []
  const rawEnds: number[] = []
  const isPlain = isAscii(slice)
  const width = columns.length
  for (const { line, start, end } of recordsBy(reading)(slice, before)) {
    fields.find(slice, [start, end], isPlain)
    const { spans, isShort, restBytes } = fields
    const record = { start, end, fields: width, spans }
    // Bytes that are no text have no characters to count.
    const fault = writer.byteFault(start, end) ?? widthFault(fields) ?? writer.add(record)
    if (fault) {
      broken.push({ ...fault, line, raw: slice.subarray(start, end) })
      continue
    }
    lines.push(line)
    starts.push(start)
    rawEnds.push(end)
    if (isShort || restBytes > 0) {
      trims?.countRow({ dropped: restBytes > 0 ? [restBytes] : [], isPadded: isShort }, width, 1)
    }
  }
  return { bytes: writer.bytes, ends: writer.ends, lines, starts, rawEnds, broken }
}

function widthFault({ isRefused, chars, width }: FieldPlaces): Fault | null {
  if (!isRefused) return null
  const found = `${chars} ${chars === 1 ? 'character' : 'characters'}`
  return { ...rejectReason('wrong_line_width', { found, width }), column: null }
}

function valuesOf(
  raw: Buffer,
  { spans }: FieldPlaces,
  { nullText, nullWords = [] }: FixedReading,
): (string | null)[] {
  const values: (string | null)[] = []
  for (let at = 0; at < spans.length; at += 3) {
    const value = raw.toString('utf8', spans[at], spans[at + 1])
    const isNull = spans[at + 2] === absentField || value === nullText || nullWords.includes(value)
    values.push(isNull ? null : value)
  }
  return values
}
