/** A format that is one folder: it loads, rejects, retries, and has its options wherever options are. */
import './register.ts'

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { optionsPage } from '../../../docs/optionsPage.ts'
import { buildApi } from '../../api/server.ts'
import { commandsBeside } from '../../cli/inProcess.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const api = await buildApi()
beforeAll(() => api.startWorker({ entry: main }))

const run = commandsBeside(api)

/** @returns its path */
async function write(name: string, text: string): Promise<string> {
  const path = join(api.folder, name)
  await writeFile(path, text)
  return path
}
const format = ['--format', 'lines']
const values = async (table: string) =>
  (await api.db.query(`select * from ${table}`)).rows.map((row) => Object.values(row)[0])

test('it loads, rejects, and loads corrected rejects', async () => {
  await api.db.query('create table numbers (n integer)')
  const path = await write('numbers.txt', '* 1\n* 2\n* x\n3\n* 4\n')
  const more = ['--into', 'numbers', '--id', 'numbers', '--queue', api.queue]
  const found = await run('ingest', path, ...format, '--prefix', '* ', ...more)
  expect(found).toMatchObject({ code: 0, error: '' })
  expect(await values('numbers')).toEqual([1, 2, 4])
  expect(await api.rejects('numbers')).toMatchObject([
    { line: 3, column: 'n', code: '22P02', raw: '* x' },
    { line: 4, column: null, code: 'wrong_column_count' },
  ])
  const same = await run('retry-rejects', 'numbers')
  expect(same.out).toContain('0 of 2 rejects loaded after all, 2 still open')
  const { out: csv } = await run('rejects', 'numbers', '--csv')
  const fixed = csv.replace(/,\* x\r/, ',* 30\r').replace(/,3\r\n$/, ',* 3\r\n')
  const corrected = await write('fixed.csv', fixed)
  const retried = await run('retry-rejects', 'numbers', '--from', corrected)
  expect(retried).toMatchObject({ code: 0, error: '' })
  expect((await values('numbers')).map(Number).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 30])
})

test('the fast lane takes it, in several units, into a new table', async () => {
  const count = 700_000
  const rows = Array.from({ length: count }, (_, at) => `value ${at}`)
  const path = await write('many.txt', `${rows.join('\n')}\n`)
  const source = { kind: 'directory' as const, path }
  const spec = { source, format: { kind: 'lines' }, target: { table: 'many' } }
  const view = await api.ingest(spec as never)
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: count, rowsRejected: 0 })
  const { rows: units } = await api.db.query(
    `select lane, unit -> 'reading' ->> 'kind' as kind from sluice.units where ingest_id = $1`,
    [view.ingestId],
  )
  expect(units.length).toBeGreaterThan(1)
  for (const unit of units) expect(unit).toEqual({ lane: 'fast', kind: 'lines' })
  const { rows: found } = await api.db.query(
    `select count(distinct ${view.columns?.[0]?.name}) as values from many`,
  )
  expect(found[0].values).toBe(count)
})

test('its options are flags with a help, are checked, and are shown in a dry run', async () => {
  const { out: help } = await run('ingest', '--help')
  expect(help).toMatch(/--format <kind> +the format of the files [^-]*"csv",[^)]*"lines"\)/)
  expect(help).toMatch(
    /with --format lines:\n +--prefix <text> +what stands in front of each value \(default:\s+nothing\)/,
  )
  expect(help).toMatch(/with --format csv:\n +--delimiter <text>/)
  expect(optionsPage()).toContain('| `format.prefix` | `--prefix <text>` |')
  const path = await write('few.txt', '* a\n* b\nc\n')
  const dry = ['--dry-run', '--into', 'few']
  const seen = await run('ingest', path, ...format, '--prefix', '* ', ...dry)
  expect(seen.out).toMatch(/prefix +\* +given +--prefix/)
  expect(seen.out).toContain('1 would be a reject')
  expect(seen.out).not.toContain('delimiter')
  const wrong = await run('ingest', path, '--format', 'csv', '--prefix', '* ', ...dry)
  expect(wrong.error).toContain('format.prefix (`--prefix`) is no option of the format csv')
})
