/** CSV keeps to what every format must, however it is written. */
import fc from 'fast-check'
import { formats } from '../../../src/formats/index.ts'
import { build } from '../../harness.ts'
import type { Subject } from '../asAnIngest.ts'
import { conformance } from '../conformance.ts'

const harness = await build()

interface Way {
  names: string[]
  delimiter: string
  quote: string
  escape: string
  newline: '\n' | '\r\n'
}

/** Texts of what a way of writing gives a meaning to, and of what it does not. */
function valuesFor({ delimiter, quote }: Way): fc.Arbitrary<string | null> {
  const unit = fc.constantFrom('a', 'Z', '7', ' ', 'é', '😀', '"', "'", ',', ';', '|', '\\', '\n')
  const text = fc.string({ unit, maxLength: 12 })
  if (quote !== '') return fc.option(text, { freq: 5 })
  const plain = text.filter((each) => each !== '' && !each.includes(delimiter) && !/\n/.test(each))
  return fc.option(plain, { freq: 5 })
}

function subjectOf(way: Way): Subject {
  const { names, delimiter, quote, escape, newline } = way
  const field = (value: string | null) => {
    if (value === null) return ''
    // The other way round, `+` at the end of 16 MB takes more stack than there is.
    const isPlain = value !== '' && !/[^a-z0-9]/.test(value)
    if (quote === '' || isPlain) return value
    const inside = escape === quote ? value : value.replaceAll(escape, escape + escape)
    return quote + inside.replaceAll(quote, escape + quote) + quote
  }
  const record = (row: (string | null)[]) => row.map(field).join(delimiter)
  const header = names.join(delimiter)
  return {
    format: formats.csv,
    // What is sniffed has tests of its own.
    options: {
      delimiter,
      quote,
      ...(quote !== '' && { escape }),
      header: true,
      skipRows: 0,
      null: '',
      decimal: '.',
    },
    width: names.length,
    value: valuesFor(way),
    record,
    write: (rows) =>
      Buffer.from([header, ...rows.map(record)].map((line) => line + newline).join('')),
    bad: { raw: ['1', ...names].join(delimiter), code: 'wrong_column_count' },
  }
}

const three = ['first', 'second', 'third']
const usual: Way = { names: three, delimiter: ',', quote: '"', escape: '"', newline: '\n' }
const ways: Record<string, Way> = {
  'as RFC 4180 has it': { ...usual, newline: '\r\n' },
  'with semicolons': { ...usual, delimiter: ';' },
  'with quotes behind a backslash': { ...usual, escape: '\\' },
  'with single quotes': { ...usual, quote: "'", escape: "'" },
  'without quotes': { ...usual, delimiter: '\t', quote: '', escape: '' },
  'in one column': { ...usual, names: ['only'] },
  'with a delimiter of two characters': { ...usual, delimiter: '||' },
}

for (const [name, way] of Object.entries(ways)) conformance(name, subjectOf(way), harness)
