/** Every bad row is kept, with its own line and reason; every good row is loaded. */
import { describe, expect, test } from 'vitest'
import { anyRejects, build } from '../harness.ts'

const harness = await build(anyRejects)
await harness.startWorker()

const line = (text: string | Buffer) => Buffer.concat([Buffer.from(text), Buffer.from('\n')])
const short = (all: Awaited<ReturnType<typeof harness.rejects>>) =>
  all.map(({ line, column, code, raw }) => [line, column, code, raw])

test('a file with every kind of bad row', async () => {
  const path = await harness.file(
    'bad.csv',
    Buffer.concat([
      line('id,day,note'), // 1
      line('1,2024-01-01,fine'), // 2
      line('2,2024-01-02,"two\nlines, and a ""quote"""'), // 3, 4
      line('x3,2024-01-03,bad number'), // 5
      line('4,2024-02-30,bad date'), // 6
      line('5,2024-01-05'), // 7
      line('6,2024-01-06,too,many'), // 8
      line('7,2024-01-07,"never closed'), // 9
      line('8,2024-01-08,good again'), // 10
      line(Buffer.from([...Buffer.from('9,2024-01-09,'), 0xff, 0xfe])), // 11
      line('10,2024-01-10,nul\0byte'), // 12
      line('11,2024-01-11,"three\n\nlines"'), // 13, 14, 15
      line('12,not a date,"after\nlines"'), // 16, 17
      line(''), // 18
      line('13,2024-01-13,last but one'), // 19
      Buffer.from('14,2024-01-14,no line end'), // 20
    ]),
  )
  await harness.db.query('create table bad (id bigint primary key, day date, note text)')
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'bad' },
  })
  expect(view.error).toBeNull()
  expect(short(await harness.rejects(view.ingestId))).toEqual([
    [5, 'id', '22P02', 'x3,2024-01-03,bad number'],
    [6, 'day', '22P02', '4,2024-02-30,bad date'],
    [7, null, 'wrong_column_count', '5,2024-01-05'],
    [8, null, 'wrong_column_count', '6,2024-01-06,too,many'],
    [9, null, 'quote_not_closed', '7,2024-01-07,"never closed'],
    [11, null, 'invalid_utf8', '9,2024-01-09,\ufffd\ufffd'],
    [12, null, 'nul_byte', '10,2024-01-10,nul\ufffdbyte'],
    [16, 'day', '22P02', '12,not a date,"after\nlines"'],
  ])
  const { rows } = await harness.db.query('select id, note from bad order by id')
  expect(rows.map(({ id }) => id)).toEqual([1, 2, 8, 11, 13, 14])
  expect(rows[1].note).toBe('two\nlines, and a "quote"')
  expect(view).toMatchObject({ state: 'completed', rowsRead: 14, rowsLoaded: 6, rowsRejected: 8 })
  const raw = await harness.db.query('select raw_bytes from sluice.rejects where line = 11')
  expect(raw.rows[0].raw_bytes.subarray(-2)).toEqual(Buffer.from([0xff, 0xfe]))
})

test('the fast lane numbers lines right, also behind quoted newlines, LF and CRLF', async () => {
  for (const newline of ['\n', '\r\n']) {
    const records = ['id,note']
    const bad: number[] = []
    let lines = 1
    for (let id = 0; id < 3000; id++) {
      const isBad = id % 7 === 3
      const inner = ['\n', '\r\n', '', '\r', '\n\n'][id % 5] as string
      if (isBad) bad.push(lines + 1)
      const record = `${isBad ? 'x' : id},"a${inner}b"`
      records.push(record)
      lines += 1 + (record.split('\n').length - 1)
    }
    const path = await harness.file('lines.csv', records.join(newline) + newline)
    await harness.db.query('drop table if exists lines; create table lines (id int, note text)')
    const view = await harness.ingest({
      source: { kind: 'directory', path },
      target: { table: 'lines' },
    })
    const rejects = await harness.rejects(view.ingestId)
    expect(rejects.map((reject) => reject.line)).toEqual(bad)
    expect(rejects.every(({ raw }) => raw.startsWith('x,"a'))).toBe(true)
    const { rows } = await harness.db.query(
      'select count(*) as rows from lines where id is not null',
    )
    expect(rows[0].rows).toBe(3000 - bad.length)
    const lanes = await harness.db.query(
      'select distinct lane from sluice.units where ingest_id = $1',
      [view.ingestId],
    )
    expect(lanes.rows).toEqual([{ lane: 'fast' }])
  }
})

test('many misfits in a unit of the repair lane are found, each on its line', async () => {
  const rows = Array.from({ length: 40_000 }, (_, n) => (n % 2 ? `${n},"a\nb"` : `x${n},c`))
  const path = await harness.file('misfits.csv', `n,text\n${rows.join('\n')}\n1,2,3\n`)
  await harness.db.query('create table misfits (n int, text text)')
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'misfits' },
  })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 20_000, rowsRejected: 20_001 })
  const rejects = await harness.rejects(view.ingestId)
  // Three physical lines for each two records, behind the header.
  const expected = Array.from({ length: 20_000 }, (_, pair) => [2 + 3 * pair, `x${2 * pair},c`])
  expect(rejects.slice(0, -1).map(({ line, raw }) => [line, raw])).toEqual(expected)
  expect(rejects.at(-1)).toMatchObject({ line: 60_002, code: 'wrong_column_count' })
})

test('a stray quote costs one row, not those that it swallows', async () => {
  const rows = Array.from({ length: 50 }, (_, id) => (id % 10 === 4 ? `${id},"ab` : `${id},"x"`))
  const path = await harness.file('stray.csv', `id,note\n${rows.join('\n')}\n`)
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'stray', types: 'text' },
  })
  const rejects = await harness.rejects(view.ingestId)
  expect(rejects.map((reject) => reject.line)).toEqual([6, 16, 26, 36, 46])
  expect(view).toMatchObject({ state: 'completed', rowsRead: 50, rowsLoaded: 45 })
})

test('quotes in a field that begins with none are text; text behind a closing one is a reject', async () => {
  const odd = ['5,12" x 14" board', '6,="001"', `7,Main St "A" side`, '8, "b"', '9,c"']
  const bad = ['10,"say "yes", please"', '11,"a"b', '12,"a" ', '13,"Bar \\"B\\" Ewe"']
  const rows = Array.from({ length: 4 }, (_, id) => `${id + 1},"x, ""y"""`)
  const path = await harness.file('odd.csv', `id,note\n${[...rows, ...odd, ...bad].join('\n')}\n`)
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'odd' },
  })
  expect(view).toMatchObject({ state: 'completed', rowsRead: 13, rowsLoaded: 9 })
  const loaded = await harness.db.query('select id::int, note from odd order by id::int')
  expect(loaded.rows.map(({ id, note }) => `${id},${note}`)).toEqual([
    ...rows.map((_, at) => `${at + 1},x, "y"`),
    ...odd,
  ])
  const rejects = await harness.rejects(view.ingestId)
  expect(rejects.map(({ line, code, raw }) => [line, code, raw])).toEqual(
    bad.map((raw, at) => [11 + at, 'quote_misplaced', raw]),
  )
})

test('NOT NULL, and types that make COPY abort, cost their rows only', async () => {
  await harness.db.query('create domain even as int check (value % 2 = 0)')
  await harness.db.query('create table strict (id int not null, even even, at regclass)')
  const rows = [
    'id,even,at',
    '1,2,pg_class',
    ',2,pg_class',
    '3,3,pg_class',
    '4,4,no_such_table',
    '5,6,pg_type',
  ]
  const path = await harness.file('strict.csv', rows.join('\n'))
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'strict' },
  })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 3 })
  expect(short(await harness.rejects(view.ingestId))).toEqual([
    [3, 'id', '23502', ',2,pg_class'],
    [4, 'even', expect.stringMatching(/22P02|23514/), '3,3,pg_class'],
    [5, 'at', expect.any(String), '4,4,no_such_table'],
  ])
})

describe('rejects.max', () => {
  const content = (bad: number) =>
    ['n', ...Array.from({ length: 100 }, (_, n) => (n < bad ? `x${n}` : n))].join('\n')

  const first = 'limited.csv line 2, column n: not a valid integer: "x0"'
  const overMax = expect.objectContaining({
    code: 'rejects_over_max',
    message: expect.stringContaining(first),
  })

  test.each([
    [0, 0, 'completed'],
    [1, 0, 'failed'],
    [5, 5, 'completed'],
    [6, 5, 'failed'],
    [5, '5%', 'completed'],
    [6, '5%', 'failed'],
  ])('%i bad of 100 with max %s: %s', async (bad, max, state) => {
    await harness.db.query('drop table if exists limited; create table limited (n int)')
    const path = await harness.file('limited.csv', content(bad))
    const view = await harness.ingest({
      source: { kind: 'directory', path },
      target: { table: 'limited' },
      rejects: { max },
    })
    expect(view.state).toBe(state)
    const { rows } = await harness.db.query('select count(*) as rows from limited')
    expect(rows[0].rows).toBe(state === 'completed' ? 100 - bad : 0)
    expect(view.error).toEqual(state === 'completed' ? null : overMax)
    // The rejects stay, also of an ingest that failed.
    expect(await harness.rejects(view.ingestId)).toHaveLength(bad)
  })

  test('an ingest whose every row is rejected fails', async () => {
    await harness.db.query('drop table if exists limited; create table limited (n int)')
    const path = await harness.file('limited.csv', content(100))
    const view = await harness.ingest({
      source: { kind: 'directory', path },
      target: { table: 'limited' },
      rejects: {},
    })
    expect(view).toMatchObject({ state: 'failed', error: { code: 'every_row_rejected' } })
  })

  test.each([
    [50, 'completed', null],
    [
      51,
      'failed',
      expect.objectContaining({
        code: 'most_rows_rejected',
        hint: expect.stringMatching(/values of n do not fit.*--null.*--max-rejects 100%/),
      }),
    ],
  ])('%i bad of 100 without a limit: %s', async (bad, state, error) => {
    await harness.db.query('drop table if exists limited; create table limited (n int)')
    const path = await harness.file('limited.csv', content(bad))
    const source = { kind: 'directory' as const, path }
    const view = await harness.ingest({ source, target: { table: 'limited' }, rejects: {} })
    expect([view.state, view.error]).toEqual([state, error])
  })
})
