/** The toy format keeps to what every format must: so the suite does not know CSV. */
import fc from 'fast-check'
import { build } from '../../harness.ts'
import type { Subject } from '../asAnIngest.ts'
import { conformance } from '../conformance.ts'
import { lines } from './format.ts'

const harness = await build()

const subjectOf = (prefix: string): Subject => ({
  format: lines,
  options: prefix === '' ? {} : { prefix },
  width: 1,
  value: fc.string({
    unit: fc.constantFrom('a', '7', ' ', '\t', '\\', 'é', '😀', '"'),
    maxLength: 9,
  }),
  record: ([value]) => `${prefix}${value}`,
  write: (rows) => Buffer.from(rows.map(([value]) => `${prefix}${value}\n`).join('')),
  bad: prefix === '' ? null : { raw: 'no prefix', code: 'wrong_column_count' },
})

conformance('a value a line', subjectOf(''), harness)
conformance('a value behind a prefix', subjectOf('* '), harness)
