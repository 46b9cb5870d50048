/** Files as they come: each way of writing, from the spec to the rows and the rejects. */
import { describe, expect, test } from 'vitest'
import type { Format } from '../../src/spec/format.ts'
import { anyRejects, build } from '../harness.ts'

const harness = await build(anyRejects)
await harness.startWorker()

let count = 0

/** Ingests one file; what came of it, rows as they are in the table. */
async function load(
  content: string | Buffer,
  { format, create, types }: { format?: Format; create?: string; types?: 'text' } = {},
) {
  const table = `dirty_${++count}`
  if (create) await harness.db.query(`create table ${table} (${create})`)
  const path = await harness.file(`${table}.csv`, content)
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    ...(format && { format }),
    target: { table, ...(types && { types }) },
  })
  const all = view.error ? [] : (await harness.db.query(`select t.*, ctid from ${table} t`)).rows
  const rows = all.map(({ ctid, ...row }) => Object.values(row))
  const units = await harness.db.query(
    'select distinct lane from sluice.units where ingest_id = $1 and lane is not null',
    [view.ingestId],
  )
  const rejects = (await harness.rejects(view.ingestId)).map(({ line, column, code, raw }) => [
    line,
    column,
    code,
    raw,
  ])
  const notes = await harness.db.query(
    'select code from sluice.notes where ingest_id = $1 order by note_no',
    [view.ingestId],
  )
  return {
    notes: notes.rows.map(({ code }) => code),
    error: view.error?.code ?? null,
    message: view.error?.message,
    columns: view.columns?.map(({ name, type }) => `${name} ${type}`),
    rows,
    rejects,
    lanes: units.rows.map(({ lane }) => lane),
    read: view.rowsRead,
  }
}

const lines = (...all: string[]) => `${all.join('\n')}\n`

describe('delimiter, quote, escape, line end', () => {
  test.each(['||', '~|~', '¦', '::'])('the delimiter %s', async (delimiter) => {
    const text = lines('id,name', '1,"a,b"', '2,', '3,c,d', '4,"two\nlines, ""x"""', '5,e')
    const { rows, rejects, lanes } = await load(text.replaceAll(',', delimiter))
    expect(rows).toEqual([
      [1, `a${delimiter}b`],
      [2, null],
      [4, `two\nlines${delimiter} "x"`],
      [5, 'e'],
    ])
    expect(rejects).toEqual([[4, null, 'wrong_column_count', ['3', 'c', 'd'].join(delimiter)]])
    expect(lanes).toEqual(['repair'])
  })

  test('single quotes, a backslash before a quote: in the fast lane', async () => {
    const single = await load(lines('id,name', "1,'a, b'", "2,'it''s \"x\"'", '3,c'))
    expect(single.rows).toEqual([
      [1, 'a, b'],
      [2, `it's "x"`],
      [3, 'c'],
    ])
    const escaped = await load(lines('id,name', '1,"say \\"a, b\\""', '2,"x\\\\"', '3,"\\"c"'))
    expect(escaped.rows).toEqual([
      [1, 'say "a, b"'],
      [2, 'x\\'],
      [3, '"c'],
    ])
    expect([single.lanes, escaped.lanes]).toEqual([['fast'], ['fast']])
  })

  test('no quote at all, also where the bytes have what COPY is told of', async () => {
    const text = lines('id;size', '1;4" pipe', '2;"', '3;5" and 6"', '4;7"', 'x;8"')
    const plain = await load(text, { format: { quote: '' }, create: 'id int, size text' })
    const rejects = [[6, 'id', '22P02', 'x;8"']]
    expect(plain).toMatchObject({ lanes: ['fast'], rejects })
    expect(plain.rows).toEqual([
      [1, '4" pipe'],
      [2, '"'],
      [3, '5" and 6"'],
      [4, '7"'],
    ])
    const odd = await load(`${text}5;a\x01b\n`, {
      format: { quote: '' },
      create: 'id int, size text',
    })
    expect(odd).toMatchObject({ lanes: ['repair'], rejects })
    expect(odd.rows).toEqual([...plain.rows, [5, 'a\x01b']])
  })

  test('CR, LF, CRLF and a mix of the last two', async () => {
    for (const [ends, lane] of [
      [['\n'], 'fast'],
      [['\r\n'], 'fast'],
      [['\r'], 'fast'],
      [['\n', '\r\n'], 'repair'],
    ] as const) {
      const records = ['id,name', '1,a', '2,"b\n2"', 'x,c', '4,d']
      const text = records.map((record, n) => record + ends[n % ends.length]).join('')
      const { rows, rejects, lanes } = await load(text, { create: 'id int, name text' })
      expect(rows).toEqual([
        [1, 'a'],
        [2, 'b\n2'],
        [4, 'd'],
      ])
      expect(rejects).toEqual([[ends[0] === '\r' ? 4 : 5, 'id', '22P02', 'x,c']])
      expect(lanes).toEqual([lane])
    }
  })

  test('a quote that is never closed, blank lines', async () => {
    const text = lines('id||name', '1||"open', '2||b', '', '3||c')
    const { rows, rejects } = await load(text)
    expect(rows.map(([id]) => id)).toEqual([2, 3])
    expect(rejects).toEqual([[2, null, 'quote_not_closed', '1||"open']])
  })
})

describe('titles, comments, footer, header', () => {
  test('titles are sniffed, the footer is given, lines are those of the file', async () => {
    const text = lines(
      'Sales, "draft',
      '',
      'id,name,sum,x',
      '1,a,2,y',
      'x,b,3,y',
      '',
      'Total,,5,',
      'end',
    )
    const format = { skipFooter: 2 }
    const { rows, rejects, read } = await load(text, {
      format,
      create: 'id int, name text, sum int, x text',
    })
    expect([rows, read]).toEqual([[[1, 'a', 2, 'y']], 2])
    expect(rejects).toEqual([[5, 'id', '22P02', 'x,b,3,y']])
  })

  test('lines in front that are given, in a file without a header', async () => {
    const format = { skipRows: 1, header: false }
    const { rows } = await load(lines('one,two,three', '1,a', '2,b'), { format })
    expect(rows).toEqual([
      [1, 'a'],
      [2, 'b'],
    ])
  })

  test('comments between records, before them and at the end', async () => {
    const text = lines(
      '# made by',
      'id,name',
      '# a "comment',
      '1,a',
      '#',
      'x,b',
      '2,"# no\n# comment"',
      '# end',
    )
    const { rows, rejects, lanes } = await load(text, {
      format: { comment: '#' },
      create: 'id int, name text',
    })
    expect(rows).toEqual([
      [1, 'a'],
      [2, '# no\n# comment'],
    ])
    expect([rejects, lanes]).toEqual([[[6, 'id', '22P02', 'x,b']], ['repair']])
  })

  test('two header rows, names that are given, a header in the middle', async () => {
    const two = await load(lines('Person,,Sum', 'first,last,', 'Ada,L,1', 'first,last,'), {
      format: { header: 2 },
    })
    expect(two.columns).toEqual(['person_first text', 'last text', 'sum bigint'])
    expect(two.rows).toEqual([
      ['Ada', 'L', 1],
      ['first', 'last', null],
    ])
    const format = { columns: ['x', 'y'], header: false }
    const named = await load(lines('1,a', '2,b'), { format })
    expect([named.columns, named.rows.length]).toEqual([['x bigint', 'y text'], 2])
    const wrong = await load(lines('1,a,b'), { format })
    expect([wrong.rows, wrong.rejects]).toEqual([[], [[1, null, 'wrong_column_count', '1,a,b']]])
    const some = await load(lines('1', '1,a', '2,b'), { format })
    expect([some.rows.length, some.rejects.map((reject) => reject.at(-1))]).toEqual([2, ['1']])
    const empty = await load(lines(), { format })
    expect([empty.columns, empty.rows]).toEqual([['x text', 'y text'], []])
  })

  test('a count, a header that is too short, titles, sep=: what most records say holds', async () => {
    const data = lines('1,a,x', '2,b,y', '3,c,z')
    const count = await load(`3,2\n${data}`)
    expect([count.columns?.length, count.rows.length]).toEqual([3, 3])
    expect([count.rejects, count.notes]).toEqual([
      [[1, null, 'wrong_column_count', '3,2']],
      ['no_header', 'rejects_likely'],
    ])
    const short = await load(`id,name\n${data}`)
    expect([short.columns, short.rejects, short.notes]).toEqual([
      ['id bigint', 'name text', 'column_3 text'],
      [],
      ['header_completed'],
    ])
    const titles = await load(`sep=;\nReport;;\nid;name;x\n${data.replaceAll(',', ';')}`)
    expect([titles.columns, titles.rows.length, titles.notes]).toEqual([
      ['id bigint', 'name text', 'x text'],
      3,
      ['lines_skipped'],
    ])
  })

  test('missing, doubled and long names: made unique, or named in the error', async () => {
    const long = 'n'.repeat(300)
    const text = lines(`id,ID,,${long}`, '1,2,3,4')
    const { columns } = await load(text, { format: { header: true } })
    expect(columns).toEqual([
      'id bigint',
      'id_2 bigint',
      'column_3 bigint',
      `${'n'.repeat(63)} bigint`,
    ])
    const existing = await load(text, { format: { header: true }, create: 'id int' })
    expect(existing.error).toBe('column_unknown')
    expect(existing.message).toMatch(
      /ID \(field 2, a second time\), \(field 3 has no name\), n{80}…/,
    )
  })
})

describe('rows and values', () => {
  test('ragged rows are rejected, padded or trimmed', async () => {
    const text = lines('a,b,c', '1,2,3', '4,5', '6,7,8,9')
    const of = async (ragged: NonNullable<Format['ragged']>) => {
      const { rows, rejects } = await load(text, { format: { ragged } })
      return [rows.map((row) => row.join()), rejects.map(([line]) => line)]
    }
    expect(await of('reject')).toEqual([['1,2,3'], [3, 4]])
    expect(await of('pad')).toEqual([['1,2,3', '4,5,'], [4]])
    expect(await of('trim')).toEqual([['1,2,3', '6,7,8'], [3]])
    expect(await of('fit')).toEqual([['1,2,3', '4,5,', '6,7,8'], []])
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
    const shown = (dates: string[], format?: Format) =>
      load(lines('id;day', ...dates.map((day, n) => `${n};${day}`)), { ...(format && { format }) })
    const of = async (dates: string[], format?: Format) => {
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
