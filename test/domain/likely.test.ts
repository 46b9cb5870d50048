/** What rejects have in common names the flag that mends it, and no flag that was given already. */
import { expect, test } from 'vitest'
import { likelyAdvice, likelyCause, placesIn } from '../../src/domain/likely.ts'
import type { Given } from '../../src/domain/rejected.ts'

const header = ['id', 'name', 'amount']
const base = {
  column: null as string | null,
  header,
  line: 2,
  isFirst: false,
  fromEnd: null as number | null,
}
const row = (code: string, error: string, values: string[]) => ({
  ...base,
  code,
  error,
  values,
  raw: values.join(','),
})
const ragged = (fields: number, width: number) =>
  row(
    'wrong_column_count',
    `${fields} ${fields === 1 ? 'field' : 'fields'} instead of ${width}`,
    Array.from({ length: fields }, (_, at) => `v${at}`),
  )
const of = (code: string, column: string | null = null) => ({ ...row(code, 'x', ['7']), column })
const value = (column: string, type: string, text: string) => ({
  ...row('22P02', `not a valid ${type}: "${text}"`, ['7', text, '1']),
  column,
})
const headerAgain = row('22P02', 'not a valid bigint: "id"', header)
const comment = row('wrong_column_count', '1 field instead of 3', ['# written by hand'])
const units = { ...row('22P02', 'not a valid numeric: "kg"', ['', 'm/s', 'kg']), isFirst: true }
const types = { ...row('22P02', 'x', ['int', 'varchar(20)', 'DECIMAL(10,2)']), isFirst: true }
const semicolons = row('wrong_column_count', '1 field instead of 3', ['a;b;c'])
const total = { ...row('22P02', 'not a valid bigint: "Total"', ['Total', '', '12']), fromEnd: 1 }

test.each([
  [[ragged(3, 4), ragged(3, 4)], '--ragged pad'],
  [[ragged(5, 4), ragged(4, 3)], '--ragged trim'],
  [[ragged(5, 4), ragged(3, 4)], '--ragged fit'],
  [[semicolons, semicolons, ragged(2, 3)], "say `--delimiter ';'`"],
  [[ragged(1, 4), ragged(1, 4), ragged(3, 4)], 'rightly rejects'],
  [[{ ...ragged(1, 4), raw: '"a,b,c"' }], 'Take these quotes away first'],
  [[{ ...ragged(5, 4), values: ['1', '2', '3', '4', ''] }], 'empty: `--ragged trim` cuts them'],
  [[value('name', 'character varying(5)', 'abcdefgh')], 'alter column name type text'],
  [[value('n', 'smallint', '99999')], 'alter column n type numeric'],
  [[of('22001', 'name')], 'alter column name type text'],
  [[of('22003', 'n')], 'alter column n type numeric'],
  [[of('invalid_utf8'), of('invalid_utf8'), of('nul_byte')], '--encoding windows-1252'],
  [[of('nul_byte')], '--encoding utf-16le'],
  [[of('quote_not_closed')], '--quote none'],
  [[of('quote_misplaced')], '--escape'],
  [[of('22P02', 'day'), of('22P02', 'amount')], 'of day, amount do not fit'],
  [[of('23505')], 'the table has these rows already: `--unique skip`'],
  [
    [{ ...of('23505'), error: 'Key (id)=(2) already exists in an earlier row.' }],
    'several rows with one key: `--unique skip`',
  ],
  [[of('23514')], 'a rule of the table'],
  [[of('54000')], 'no single cause'],
  [[], 'no single cause'],
  [[headerAgain], '`--repeated-headers reject`'],
  [[comment], "`--comment '#'`"],
  [[row('22P02', 'x', ['#2', 'b', '3'])], "`--comment '#'`"],
  [[row('wrong_column_count', '1 field instead of 3', ['// by hand'])], "`--comment '//'`"],
  [[row('wrong_column_count', '1 field instead of 3', ['--by hand'])], "`--comment '--'`"],
  [[units], '`--skip-rows 2 --no-header --columns id,name,amount`'],
  [[types], '`--skip-rows 2 --no-header --columns id,name,amount`'],
  [[total], '`--skip-footer 1`'],
  [[{ ...total, fromEnd: 2 }, row('22P02', 'x', ['Source: us'])], '`--skip-footer 2`'],
  [[value('ok', 'boolean', 'ja'), value('ok', 'boolean', 'nein')], '`--true ja --false nein`'],
  [[value('ok', 'boolean', 'OUI')], '`--true OUI --false non`'],
  [[value('ok', 'boolean', 'rot')], '"rot" is no boolean: say with `--true` and `--false`'],
  [[value('day', 'date', '31/12/2024')], '`--dates DMY`'],
  [[value('day', 'date', '12/31/2024')], '`--dates MDY`'],
  [[value('day', 'date', '01/02/2024')], '`--dates DMY` or `--dates MDY`'],
  [[value('day', 'date', '29.02.2025')], '"29.02.2025" is no date of the calendar'],
  [[value('day', 'date', '2025-02-30')], '"2025-02-30" is no date of the calendar'],
  [[value('day', 'date', '29.02.24')], '`--dates DMY`'],
  [[value('amount', 'numeric', '1.234,5')], '`--decimal ,`'],
  [[value('amount', 'bigint', '1,234,567')], '`--thousands ,`'],
  [[value('amount', 'bigint', 'n.v.')], "`--null '' --null n.v.`"],
])('%j: %s', (rejects, flag) => {
  expect(likelyCause(rejects, {})).toContain(flag)
})

test.each<[Given, ReturnType<typeof ragged>[], string | null]>([
  [{ repeatedHeaders: 'reject' }, [row('repeated_header', 'x', header)], null],
  [{ comment: '%' }, [row('x', 'x', ['# a'])], null],
  [{ delimiter: ';' }, [ragged(1, 4)], '--ragged pad'],
  [{ ragged: 'pad' }, [ragged(5, 4)], 'correct the rows, for `--ragged fit` would drop'],
  [
    { ragged: 'trim' },
    [ragged(3, 4)],
    'fewer fields than the header: `--ragged fit` pads them, too',
  ],
  [{ ragged: 'reject' }, [ragged(3, 4)], '`--ragged pad`'],
  [{ columns: ['a', 'b', 'c'] }, [ragged(5, 3)], 'up to 5 fields: give a name for each'],
  [{ columns: ['a', 'b', 'c'] }, [ragged(5, 3), ragged(2, 3)], '`--ragged pad` fills them up'],
  [{ encoding: 'latin1' }, [of('invalid_utf8')], null],
  [{ quote: "'" }, [of('quote_not_closed')], '--escape'],
  [{ quote: "'", escape: '\\' }, [of('quote_not_closed')], null],
  [{ unique: 'reject' }, [of('23505')], null],
  [{ skipFooter: 1 }, [total], '`--skip-footer 2`'],
  [{ true: ['ja'] }, [value('ok', 'boolean', 'nein')], 'can be read with `--false nein`'],
  [{ true: ['ja'], false: ['nein'] }, [value('ok', 'boolean', 'rot')], 'correct the rows, or add'],
  [{ dates: 'DMY' }, [value('d', 'date', '31.02.2025')], 'correct the rows'],
  [{ null: ['NA', ''] }, [value('n', 'bigint', '?')], "`--null NA --null '' --null '?'`"],
  [{ decimal: '.' }, [value('n', 'bigint', '1,5')], 'written with `--null` or `--dates`'],
])('%j is not advised again', (given, rejects, expected) => {
  const advice = likelyAdvice(rejects, given)
  if (expected === null) expect(advice).toBeNull()
  else expect(advice).toContain(expected)
  for (const option of ['delimiter', 'encoding', 'comment', 'quote', 'columns']) {
    if (option in given) expect(advice ?? '').not.toContain(`--${option}`)
  }
})

test('a date that does not exist hides no order from the others', () => {
  const dates = ['31.02.2024', '31.12.2024'].map((text) => value('day', 'date', text))
  const advice = likelyAdvice(dates, {})
  expect(advice).toContain('In day, "31.02.2024" is no date of the calendar: correct the rows.')
  expect(advice).toContain('The dates in day may be read with `--dates DMY`.')
})

test('a cause of few rejects is told as well, behind that of most', () => {
  const advice = likelyAdvice([comment, ragged(2, 3), ragged(2, 3), total], {})
  expect(advice?.match(/--[a-z-]+/g)).toEqual(['--ragged', '--comment', '--skip-footer'])
})

test('the places of rejects in their file', () => {
  const rejects = [2, 5, 9, 10].map((line) => ({ line, raw: line === 9 ? '"a\nb"' : 'a' }))
  const file = { firstLine: 2, lastLine: 11 }
  expect(placesIn(rejects, file).map(({ isFirst, fromEnd }) => [isFirst, fromEnd])).toEqual([
    [true, null],
    [false, null],
    [false, 2],
    [false, 1],
  ])
  expect(placesIn([{ line: 5, raw: 'a' }], file)).toEqual([{ isFirst: false, fromEnd: null }])
})
