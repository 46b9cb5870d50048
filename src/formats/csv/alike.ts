/**
 * Is a file written as another one of its folder? A hundred thousand small files mostly are, and
 * to sniff each of them anew would take longer than to load it.
 */
import type { Dialect, FirstCsv } from './dialect.ts'
import type { Head } from './head.ts'
import { withoutBom } from './marks.ts'
import { recordsOf, valuesOf } from './records.ts'
import { sniffNewline } from './sniff/bytes.ts'

const looksMax = 300
const lookBytesMax = 64 * 1024

/**
 * Only a file with the same header can be, and only while its first records are of its width and
 * no value or quote could mean something else. Whatever is not clear is left to the sniffer.
 * @returns the head of the file, which nothing else has to be read for
 */
export function alikeHead(bytes: Buffer, first: FirstCsv): Head | null {
  const dialect = { ...first.dialect, newline: sniffNewline(bytes) }
  const { header, skipRows, headerRows = 1, names } = dialect
  if (!header || skipRows || headerRows > 1 || names || first.width < 2) return null
  const head = withoutBom(bytes.subarray(0, lookBytesMax))
  const before = Math.min(bytes.length, lookBytesMax) - head.length
  const isOdd = oddOf(dialect)
  let looked = 0
  let start: Head['start'] | null = null
  for (const span of recordsOf(head, dialect)) {
    const { start: from, end, next, lines } = span
    if (start && next >= head.length && before + head.length < bytes.length) break
    if (span.blank) continue
    if (looked++ > looksMax) break
    if (span.broken || span.odd || span.fields !== first.width) return null
    const record = head.subarray(from, end)
    const values = valuesOf(record, dialect)
    if (start) {
      // A header that comes twice may be one of two rows.
      if (values.some(isOdd) || (looked === 2 && isSame(values, first.header))) return null
    } else if (isSame(values, first.header) && !record.includes(10) && !record.includes(13)) {
      start = { offset: before + next, lines: lines + 1, blankIsRecord: false }
    } else return null
  }
  return start && { dialect, notes: [], header: first.header, width: first.width, start }
}

const isSame = (values: readonly (string | null)[], names: FirstCsv['header']): boolean =>
  names?.length === values.length && names.every((name, at) => (values[at] ?? '') === name)

const separated = /^\s*[-+]?[\d.,'_ \u00a0\u202f\u2019]*\d[\d.,'_ \u00a0\u202f\u2019]*$/
const wholeNumber = /^\s*[-+]?\d+\s*$/
const pointNumber = /^\s*[-+]?\d*\.\d+\s*$/
const someDate = /^\s*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}/
const isoDate = /^\s*\d{4}-\d\d-\d\d/

/** Values that say how numbers or dates are written, and what other quotes there may be. */
function oddOf({ quote, decimal, thousands }: Dialect): (value: string | null) => boolean {
  const otherQuote = quote === "'" ? '"' : "'"
  const hasTerms = decimal !== undefined || thousands !== undefined
  return (value) => {
    if (value === null || value === '') return false
    if (value.startsWith(otherQuote) || value.includes('\\')) return true
    if (value.length > 100 || wholeNumber.test(value)) return false
    if (pointNumber.test(value)) return hasTerms
    return separated.test(value) || (someDate.test(value) && !isoDate.test(value))
  }
}
