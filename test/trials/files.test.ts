/** Folders as they come: each file is looked at, what is no data is left out, and it is told. */
import { describe, expect, test } from 'vitest'
import { folders } from './folders.ts'

const { harness, folderOf, load, trial } = await folders()

describe('trials', () => {
  test('later-file-without-header: it fails, and names the file and what to do', async () => {
    const { error, message, hint, rows } = await trial('later-file-without-header')
    expect([error, rows]).toEqual(['file_without_header', []])
    expect(message).toMatch(
      /02-without-header\.csv has no header, though .*01\.csv has one: id, name/,
    )
    expect(hint).toContain('--unknown-files position')
    const taken = await trial('later-file-without-header', { format: { unknownFiles: 'position' } })
    expect(taken.rows.map((row) => row.join())).toEqual(['1,a', '2,b', '3,c'])
    expect(taken.notes.files_by_position).toContain('02-without-header.csv')
  })

  test('readme-sorts-first: it is left out and named', async () => {
    const { columns, rows, notes } = await trial('readme-sorts-first')
    expect([columns, rows]).toEqual([['id bigint', 'name text'], [[1, 'a']]])
    expect(notes.files_left_out).toContain('README.txt')
  })

  test('nul-byte-in-small-file, one-latin1-character: rejects of their rows', async () => {
    const nul = await trial('nul-byte-in-small-file.csv')
    expect([nul.rows, nul.rejects]).toEqual([[[2, 'c']], [[2, 'nul_byte']]])
    const latin = await trial('one-latin1-character.csv')
    expect([latin.rows, latin.rejects]).toEqual([[[2, 'Ann']], [[2, 'invalid_utf8']]])
    expect(latin.hints.rejects_likely).toContain('--encoding windows-1252')
  })

  test('reserved-words: system columns get a number, and it is told', async () => {
    const { names, rows, notes } = await trial('reserved-words.csv')
    expect(names?.slice(7)).toEqual(['ctid_2', 'xmin_2', 'oid', 'tableoid_2'])
    expect(rows).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]])
    expect(notes.names_changed).toContain('"ctid" is ctid_2')
  })

  test('header-wider-than-rows: the hint names the flag', async () => {
    const { error, hint, rows } = await trial('header-wider-than-rows.csv')
    expect([error, rows]).toEqual(['every_row_rejected', []])
    expect(hint).toContain('--ragged pad')
    const padded = await trial('header-wider-than-rows.csv', { format: { ragged: 'pad' } })
    expect(padded.rows).toEqual([
      [1, 2, 3, null],
      [4, 5, 6, null],
    ])
  })
})

describe('each file is read in its own way', () => {
  test('delimiter, quote, line end, numbers, dates, titles', async () => {
    const { columns, rows, rejects, notes, hints } = await load({
      '1.csv': 'id,amount,day\n1,1.5,2024-01-31\n',
      '2.csv': 'id;amount;day\r\n2;2,5;31.01.2024\r\n3;1.234,5;01.02.2024\r\n',
      '3.csv': 'day\tid\tamount\n2024-03-01\t4\t4.5\n',
      '4.csv': "'id','amount','day'\n'5','5.5','2024-05-01'\n'6','6.5','2024-05-02'\n",
      '5.csv': 'Report of May\n\nid,amount,day\n7,7.5,2024-06-01\n',
      '6.csv': 'id|amount|day\n8|8.5|12/31/2024\n',
    })
    expect(columns).toEqual(['id bigint', 'amount numeric', 'day date'])
    expect(
      rows.map(([id, amount, day]) => `${id} ${amount} ${(day as Date).toLocaleDateString('sv')}`),
    ).toEqual([
      '1 1.5 2024-01-31',
      '2 2.5 2024-01-31',
      '3 1234.5 2024-02-01',
      '4 4.5 2024-03-01',
      '5 5.5 2024-05-01',
      '6 6.5 2024-05-02',
      '7 7.5 2024-06-01',
      '8 8.5 2024-12-31',
    ])
    expect(rejects).toEqual([])
    expect(notes.files_otherwise).toMatch(/2\.csv.*3\.csv.*4\.csv.*5\.csv.*6\.csv/)
    expect(notes.files_otherwise).toContain('2.csv (delimiter ";" instead of ",", decimals ","')
    expect(hints.files_otherwise).toMatch(/^To read all files alike, say `--delimiter`, `--/)
  })
})

test('a header that comes again is a reject on request, in each file its own', async () => {
  const files = { '1.csv': 'id,n\n1,10\nid,n\n2,20\n', '2.csv': 'N,ID\nid,n\n30,3\nN,ID\n' }
  const kept = await load(files)
  expect([kept.columns, kept.rows.length]).toEqual([['id text', 'n text'], 6])
  const { columns, rows, rejects } = await load(files, { format: { repeatedHeaders: 'reject' } })
  expect(columns).toEqual(['id text', 'n text'])
  expect(rows.map((row) => row.join())).toEqual(['1,10', '2,20', '3,30', 'n,id'])
  expect(rejects).toEqual([
    [3, 'repeated_header'],
    [4, 'repeated_header'],
  ])
  const one = await load({ '1.csv': files['1.csv'] }, { format: { repeatedHeaders: 'reject' } })
  expect([one.columns, one.rows]).toEqual([
    ['id bigint', 'n bigint'],
    [
      [1, 10],
      [2, 20],
    ],
  ])
})

test('what the head of a later file tells is told as well, the first ones in full', async () => {
  const plain = 'id,n\n1,2\n3,4\n'
  const titled = Object.fromEntries(
    Array.from({ length: 12 }, (_, at) => [`t${10 + at}.csv`, `Report\n\n${plain}`]),
  )
  const short = { 'z.csv': 'id,n,\n1,2\n3,4\n', '0.csv': plain, '1.csv': plain }
  const path = await folderOf({ ...short, ...titled })
  const source = { kind: 'directory', path } as const
  const { notes, state } = await harness.ingest({ source, target: { table: 'heads' } })
  expect(state).toBe('completed')
  const told = notes.map(({ code, file, count }) => [code, file?.split('/').at(-1) ?? null, count])
  expect(told).toEqual(
    expect.arrayContaining([
      ['lines_skipped', 't10.csv', 2],
      ['lines_skipped', 't11.csv', 2],
      ['lines_skipped', 't12.csv', 2],
      ['heads_alike', null, 9],
      ['header_cut', 'z.csv', 1],
    ]),
  )
  const alike = notes.find(({ code }) => code === 'heads_alike')
  expect(alike?.message).toMatch(/lines_skipped.* more files \(9\): .*t13\.csv.* and 4 more/)
  // What all of them have in common is told once.
  const bare = await load({ '1.csv': '1,2\n3,4\n', '2.csv': '5,6\n7,8\n' })
  expect(bare.notes).toEqual({ no_header: expect.stringContaining('1.csv') })
})

describe('a file without a header, and files of another kind', () => {
  const header = 'id,name\n1,a\n'

  test('no name is known: it fails and is named, or is left out by choice', async () => {
    const files = { '1.csv': header, '2.csv': 'x,y\n3,c\n', '3.csv': 'name,id\nb,2\n' }
    const failed = await load(files)
    expect([failed.error, failed.rows]).toEqual(['file_unknown', []])
    const given = { unknownFiles: 'fail', header: true } as const
    expect((await load(files, { format: given })).hint).not.toContain('--')
    expect(failed.message).toMatch(/header of .*2\.csv is known: x, y\. Known are id, name/)
    const left = await load(files, { format: { unknownFiles: 'skip' } })
    expect(left.rows.map((row) => row.join())).toEqual(['1,a', '2,b'])
    expect(left.notes.files_skipped).toMatch(/2\.csv/)
    const into = await load(files, {
      format: { unknownFiles: 'skip' },
      create: 'id int, name text',
    })
    expect(into.rows).toHaveLength(2)
    const evolving = await load(files, {
      create: 'id int, name text',
      target: { schema: 'evolve' },
    })
    expect([evolving.error, evolving.rows]).toEqual(['file_unknown', []])
  })

  test('the odd one stands first: nothing is left out for its sake', async () => {
    const files = { '0.csv': 'x,y\n3,c\n', '1.csv': header, '2.csv': 'name,id\nb,2\n' }
    const asked = await load(files)
    expect([asked.error, asked.hint.includes('`--no-header`')]).toEqual(['file_unknown', true])
    const { error, message, rows } = await load(files, { format: { unknownFiles: 'skip' } })
    expect([error, rows]).toEqual(['files_mostly_skipped', []])
    expect(message).toMatch(/1\.csv, .*2\.csv/)
  })

  test('a first record of texts alone is data where it is wanted so', async () => {
    const files = { '1.csv': header, '2.csv': 'x,b\ny,c\n', '3.csv': '4\td\n' }
    const { rows, notes } = await load(files, { format: { unknownFiles: 'position' } })
    expect(rows.map((row) => row.join())).toEqual(['1,a', '4,d', 'x,b', 'y,c'])
    expect(notes.files_by_position).toMatch(/2\.csv, .*3\.csv/)
    const wide = { ...files, '3.csv': '1,2,3\n' }
    expect((await load(wide, { format: { unknownFiles: 'position' } })).error).toBe(
      'file_without_header',
    )
  })

  test('what a file tells besides its header is told also where its header is known', async () => {
    const files = {
      '1.csv': 'x,2023,2024\na,1,2\n',
      '2.csv': 'Report\n\n2023,2024,x\n3,4,b\n5,6,c\n',
    }
    const { rows, notes } = await load(files)
    expect(rows.map((row) => row.join())).toEqual(['1,2,a', '3,4,b', '5,6,c'])
    expect(notes.lines_skipped).toContain('2.csv')
    expect(notes.no_header).toBeUndefined()
  })

  test('names are given: each file may have a header or none', async () => {
    const files = { '1.csv': 'id,n\n1,10\n', '2.csv': '2,20\n3,30\n' }
    const format = { columns: ['a', 'b'] }
    const { names, rows, notes } = await load(files, { format })
    expect(notes.header_left_out).toMatch(/first record of .*1\.csv was .*not loaded: id, n\.$/)
    const later = await load({ '1.csv': '1,10\n', '2.csv': 'x,y\nz,w\n' }, { format })
    expect(later.notes.header_left_out).toMatch(/2\.csv was .*not loaded: x, y\.$/)
    expect([names, rows]).toEqual([
      ['a', 'b'],
      [
        [1, 10],
        [2, 20],
        [3, 30],
      ],
    ])
  })
})

test('names as they are written on request, also in later files and a second time', async () => {
  const files = {
    '1.csv': 'Order ID,Price: EUR,"a ""b""",,ID,ID,ctid\n1,1.5,x,y,5,6,7\n2,odd,x,y,5,6,7\n',
    '2.csv': 'ID,Order ID,Größe (cm)\n5,3,9\n',
  }
  const names = [
    'Order ID',
    'Price: EUR',
    'a "b"',
    'column_4',
    'ID',
    'ID_2',
    'ctid_2',
    'Größe (cm)',
  ]
  const path = await folderOf(files)
  const target = { table: 'as_is', names: 'as-is' } as const
  const source = { kind: 'directory', path } as const
  const view = await harness.ingest({ source, target })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 3, rowsRejected: 0 })
  expect(view.columns?.map(({ name }) => name)).toEqual(names)
  const { rows } = await harness.db.query('select * from as_is order by "Order ID"')
  expect(rows.map((row) => Object.values(row).join())).toEqual([
    '1,1.5,x,y,5,6,7,',
    '2,odd,x,y,5,6,7,',
    '3,,,,5,,,9',
  ])
  const again = await harness.ingest({ source, target })
  expect(again).toMatchObject({ state: 'completed', rowsLoaded: 3, rowsRejected: 0 })
  const renamed = view.notes.find(({ code }) => code === 'names_changed')
  expect(renamed?.message).toMatch(/"ID" is ID_2, "ctid" is ctid_2/)
  expect(renamed?.hint).not.toContain('--names')
  const unnamed = await load({ '1.csv': 'A,,C\n1,2,3\n' }, { target: { names: 'as-is' } })
  expect(unnamed.names).toEqual(['A', 'column_2', 'C'])
  expect(unnamed.notes.names_changed).toContain('"" is column_2')
})
