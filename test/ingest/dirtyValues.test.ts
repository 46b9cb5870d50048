/** Rows and values as they come: too short, too long, blank, words for NULL, numbers of other places. */
import { describe, expect, test } from 'vitest'
import type { FormatSpec } from '../../src/spec/format.ts'
import { dirtyFiles, lines } from './dirtyFiles.ts'

const { harness, load } = await dirtyFiles()

describe('rows and values', () => {
  test('ragged rows are rejected, padded or trimmed', async () => {
    const text = lines('a,b,c', '1,2,3', '4,5', '6,7,8,9')
    const of = async (ragged: NonNullable<FormatSpec['ragged']>) => {
      const { rows, rejects, notes } = await load(text, { format: { ragged } })
      expect(notes.includes('rows_padded')).toBe(ragged === 'pad' || ragged === 'fit')
      return [rows.map((row) => row.join()), rejects.map(([line]) => line)]
    }
    expect(await of('reject')).toEqual([['1,2,3'], [3, 4]])
    expect(await of('pad')).toEqual([['1,2,3', '4,5,'], [4]])
    expect(await of('trim')).toEqual([['1,2,3', '6,7,8'], [3]])
    expect(await of('fit')).toEqual([['1,2,3', '4,5,', '6,7,8'], []])
    const told = "select distinct message from sluice.notes where code = 'rows_padded'"
    const message = '1 row had too few fields: columns without a field are NULL there.'
    expect((await harness.db.query(told)).rows).toEqual([{ message }])
  })

  test('several words for NULL, for true and for false', async () => {
    const format = { null: ['', 'NA', '-'], true: ['ja'], false: ['nein'] }
    const text = lines('id,ok,note', '1,JA,NA', '2,nein,"NA"', 'NA,-,', '4,vielleicht,x', '5,,"-"')
    const sampled = await load(text.replace('vielleicht', 'true'), { format })
    expect(sampled.columns).toEqual(['id bigint', 'ok boolean', 'note text'])
    const { rows, rejects } = await load(text, { format, create: 'id int, ok boolean, note text' })
    expect(rows).toEqual([
      [1, true, null],
      [2, false, 'NA'],
      [null, null, null],
      [5, null, '-'],
    ])
    expect(rejects).toEqual([[5, 'ok', '22P02', '4,vielleicht,x']])
  })

  test('numbers as they are written elsewhere', async () => {
    const text = lines(
      'id;sum;part;note',
      '1;1.234,50;0,5;1.234,50',
      '2;-7;12,25;1,5',
      '3;1.5;1,5;x',
    )
    const { columns, rows, rejects, lanes } = await load(text, {
      create: 'id int, sum numeric, part float8, note text',
      format: { thousands: '.' },
    })
    expect(columns).toEqual(['id integer', 'sum numeric', 'part double precision', 'note text'])
    expect(rows).toEqual([
      [1, '1234.50', 0.5, '1.234,50'],
      [2, '-7', 12.25, '1,5'],
    ])
    expect([rejects, lanes]).toEqual([[[4, 'sum', '22P02', '3;1.5;1,5;x']], ['repair']])
    const made = await load(lines('a;b;c', '1;1.234,50;1.234', '2;7;2.345.678'))
    expect(made.columns).toEqual(['a bigint', 'b numeric', 'c bigint'])
    expect(made.rows.map((row) => row.join())).toEqual(['1,1234.50,1234', '2,7,2345678'])
    for (const [thousands, text1] of [
      [',', '"1,234.5"'],
      [' ', '1 234.5'],
      ["'", "1'234.5"],
    ] as const) {
      const { rows: found } = await load(lines('id,sum', `1,${text1}`), { format: { thousands } })
      expect(found).toEqual([[1, '1234.5']])
    }
  })

  test('a value that is out of range is told of as it stands in the file', async () => {
    const path = await harness.file('range.csv', lines('id;n', '1;1.234', '2;99.999.999.999'))
    await harness.db.query('create table range (id int, n int)')
    const view = await harness.ingest({
      source: { kind: 'directory', path },
      format: { decimal: ',', thousands: '.' },
      target: { table: 'range' },
    })
    const [reject] = await harness.rejects(view.ingestId)
    expect(reject).toMatchObject({ line: 3, error: 'not a valid integer: "99.999.999.999"' })
  })

  test('dates by their order, in the fast lane; those that could be either are texts', async () => {
    const shown = (dates: string[], format?: FormatSpec) =>
      load(lines('id;day', ...dates.map((day, n) => `${n};${day}`)), { ...(format && { format }) })
    const of = async (dates: string[], format?: FormatSpec) => {
      const { columns, lanes, rows } = await shown(dates, format)
      const day = rows[0]?.[1]
      const iso = day instanceof Date ? day.toLocaleDateString('sv') : day
      return [columns?.[1], iso, lanes[0]]
    }
    expect(await of(['01.02.2024', '31.12.2024'])).toEqual(['day date', '2024-02-01', 'fast'])
    expect(await of(['01/02/2024', '12/31/2024'])).toEqual(['day date', '2024-01-02', 'fast'])
    expect(await of(['2024/02/01'])).toEqual(['day date', '2024-02-01', 'fast'])
    expect(await of(['01/02/2024'])).toEqual(['day text', '01/02/2024', 'fast'])
    expect(await of(['01/02/2024'], { dates: 'DMY' })).toEqual(['day date', '2024-02-01', 'fast'])
    expect((await of(['31.12.2024 10:30'], {}))[0]).toBe('day timestamp')
    const table = await load(lines('id,day', '1,01/02/2024', '2,2024-02-01'), {
      create: 'id int, day date',
    })
    expect(table.rejects).toEqual([[2, 'day', '22P02', '1,01/02/2024']])
  })

  test('bytes that are not UTF-8, and NUL, where records are written anew', async () => {
    const bytes = Buffer.concat([
      Buffer.from('id||name\n1||a\n2||'),
      Buffer.from([0xff]),
      Buffer.from('\n3||b\0c\n4||d\n'),
    ])
    const { rows, rejects } = await load(bytes)
    expect(rows.map(([id]) => id)).toEqual([1, 4])
    expect(rejects.map(([line, , code]) => [line, code])).toEqual([
      [3, 'invalid_utf8'],
      [4, 'nul_byte'],
    ])
  })
})
