/** A workbook that the last step leaves: its one sheet is read, or the one that is named. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { outputOf } from '../dist.ts'
import { workbook } from '../formats/xlsx/workbook.ts'
import { build } from '../harness.ts'

const app = outputOf(fileURLToPath(new URL('app.ts', import.meta.url)))
const harness = await build()
await harness.startWorker({ args: ['--app', app] })

const sheet = (id: number) =>
  `<sheetData><row r="1"><c t="str"><v>id</v></c><c t="str"><v>n</v></c></row><row r="2"><c><v>${id}</v></c><c><v>0</v></c></row></sheetData>`

const ingest = (path: string, format = {}) =>
  harness.ingest({
    source: { kind: 'directory', path },
    steps: ['as_named'],
    target: { table: 'books', schema: 'evolve' },
    format,
  })

test('one sheet is the file; of several one is named', async () => {
  const one = await harness.file('one.xlsx', await workbook({ sheets: { May: sheet(1) } }))
  const two = join(harness.folder, 'two.xlsx')
  await harness.file('two.xlsx', await workbook({ sheets: { May: sheet(2), June: sheet(3) } }))
  expect(await ingest(one)).toMatchObject({ state: 'completed', error: null, rowsLoaded: 1 })
  const failed = await ingest(two)
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'sheets_several' } })
  expect(failed.error?.message).toContain('May, June')
  expect(await ingest(two, { sheet: 'June' })).toMatchObject({ state: 'completed', rowsLoaded: 1 })
  const { rows } = await harness.db.query('select id::int from books order by id')
  expect(rows).toEqual([{ id: 1 }, { id: 3 }])
})
