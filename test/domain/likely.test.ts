/** What most rejects of an ingest have in common names the flag that mends it. */
import { expect, test } from 'vitest'
import { likelyCause } from '../../src/errors/likely.ts'

const ragged = (fields: number, width: number) => ({
  code: 'wrong_column_count',
  column: null,
  error: `${fields} ${fields === 1 ? 'field' : 'fields'} instead of ${width}`,
})
const of = (code: string, column: string | null = null) => ({ code, column, error: 'x' })

test.each([
  [[ragged(3, 4), ragged(3, 4)], '--ragged pad'],
  [[ragged(5, 4), ragged(4, 3)], '--ragged trim'],
  [[ragged(5, 4), ragged(3, 4)], '--ragged fit'],
  [[ragged(1, 4), ragged(1, 4), ragged(3, 4)], '--delimiter'],
  [[of('invalid_utf8'), of('invalid_utf8'), of('nul_byte')], '--encoding windows-1252'],
  [[of('nul_byte')], '--encoding utf-16le'],
  [[of('quote_not_closed')], '--quote none'],
  [[of('22P02', 'day'), of('22P02', 'amount')], 'of day, amount do not fit'],
  [[of('23505')], '--unique skip'],
  [[of('23514')], 'a rule of the table'],
  [[of('54000')], 'no single cause'],
  [[], 'no single cause'],
])('%j: %s', (rejects, flag) => {
  expect(likelyCause(rejects)).toContain(flag)
})
