/** A database or a role may be set to anything: what an ingest relies on is its own to set. */
import { expect, test } from 'vitest'
import { build } from '../harness.ts'

const harness = await build()

const settings = {
  statement_timeout: '30ms',
  lock_timeout: '1ms',
  idle_in_transaction_session_timeout: '5ms',
  transaction_timeout: '30ms',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  search_path: '',
  standard_conforming_strings: 'off',
  backslash_quote: 'off',
  bytea_output: 'escape',
  array_nulls: 'off',
  quote_all_identifiers: 'on',
  transform_null_equals: 'on',
  datestyle: 'SQL, MDY',
  intervalstyle: 'iso_8601',
  extra_float_digits: '-15',
  client_encoding: 'LATIN1',
  xmloption: 'document',
  row_security: 'off',
  temp_file_limit: '1MB',
  work_mem: '64kB',
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  jit: 'on',
}
const database = new URL(harness.databaseUrl).pathname.slice(1)
for (const [name, value] of Object.entries(settings)) {
  await harness.db.query(`alter database ${database} set ${name} = '${value}'`)
}
await harness.db.query('create table public.there (n int primary key, t text, f float8, b bytea)')
await harness.startWorker()

const rows = 3000
const lines = Array.from({ length: rows }, (_, n) => `${n},é\\ ${n},0.1${n}1,\\x0${n % 10}ff`)
const content = ['n,t,f,b', ...lines, '1,again,1,', 'x,"é\\ bad",2,', 'short'].join('\n')

test.each([
  // Where n is a number, x is none.
  ['there', { unique: 'skip' as const }, [rows, 1], ['x,"é\\ bad",2,', 'short']],
  ['anew', {}, [rows + 2, 0], ['short']],
  ['early', { atomic: false }, [rows + 2, 0], ['short']],
])('into %s', async (table, options, [loaded, skipped], bad) => {
  const path = await harness.file('rows.csv', `${content}\n`)
  const source = { kind: 'directory' as const, path }
  const view = await harness.ingest({ source, target: { table: `public.${table}`, ...options } })
  expect(view).toMatchObject({
    state: 'completed',
    error: null,
    rowsLoaded: loaded,
    rowsRejected: bad.length,
    rowsSkipped: skipped,
  })
  const rejects = await harness.rejects(view.ingestId)
  expect(rejects.at(-1)).toMatchObject({ line: rows + 4, raw: 'short' })
  expect(rejects.map(({ raw }) => raw)).toEqual(bad)
  const { rows: found } = await harness.db.query(
    `select t, f::text, b::text from public.${table} where n::text = '17'`,
  )
  expect(found).toEqual([{ t: 'é\\ 17', f: '0.1171', b: '\\x07ff' }])
})
