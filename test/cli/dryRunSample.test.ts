/** `sluice ingest --dry-run`: the head of a file is held against the columns by PostgreSQL. */
import { expect, test } from 'vitest'
import { build } from '../harness.ts'
import { inProcess } from './inProcess.ts'

const harness = await build()
await harness.db.query(`
  create table strict (id bigint not null, ok boolean, d date, n numeric(4, 1));
  create table few (id bigint check (id > 0), name text)`)

async function dryRun(
  table: string,
  text: string,
  flags: string[] = [],
  url = harness.databaseUrl,
) {
  const file = await harness.file('some.csv', text)
  const args = ['ingest', file, '--dry-run', '--into', table, ...flags]
  const env = { DATABASE_URL: url, SLUICE_HOME: harness.folder }
  const words = await inProcess(args, env)
  const { out } = await inProcess([...args, '--json'], env)
  return { ...JSON.parse(out), words: words.out, code: words.code }
}

test('values that the table does not take would be rejects, and most of them fail it', async () => {
  const seen = await dryRun('strict', 'id,ok,d,n\n# mid,ja,2024-01-02,1\n2,ja,2024-01-02,1\n')
  expect(seen).toMatchObject({ code: 1, sampled: 2, records: [], exists: true })
  expect(seen.rejects).toMatchObject({ count: 2, byDatabase: true })
  expect(seen.rejects.first).toEqual([
    { line: 2, column: 'id', code: '22P02', error: 'not a valid bigint: "# mid"', raw: anyText },
    { line: 3, column: 'ok', code: '22P02', error: 'not a valid boolean: "ja"', raw: anyText },
  ])
  expect(seen.words).toContain('the first 2 records, 0 with another number of fields')
  expect(seen.problem).toContain('2 of the first 2 records would be rejects; 1 are allowed')
  expect(seen.words).toMatch(/some\.csv:2.* id: not a valid bigint: "# mid"/)
  expect(seen.words).toMatch(/It would fail: .*\n.*--comment '#'.*--true ja.*--max-rejects 100%/)
})
const anyText = expect.any(String)

test('fewer rejects are told, with the value of the file and the flag; the rest is shown', async () => {
  const rows = ['1;t;01.02.2024;1,5', '2;t;40.02.2024;2,5', ';t;01.02.2024;3,5', '4;t;;12345,5']
  const more = Array.from({ length: 1200 }, (_, at) => `${at + 5};f;02.02.2024;1,0`)
  const seen = await dryRun('strict', ['id;ok;d;n', ...rows, ...more, ''].join('\n'), [
    '--dates',
    'DMY',
  ])
  expect(seen).toMatchObject({ code: 0, problem: null, sampled: 1000 })
  const found = seen.rejects.first.map((each: { line: number; column: string; code: string }) => [
    each.line,
    each.column,
    each.code,
  ])
  expect(seen.rejects.count).toBe(3)
  expect(found).toEqual([
    [3, 'd', '22P02'],
    [4, 'id', '23502'],
    [5, 'n', '22P02'],
  ])
  expect(seen.rejects.first[2].error).toContain('"12345,5"')
  expect(seen.records[0]).toEqual(['1', 't', '01.02.2024', '1.5'])
  expect(seen.records[1]).toEqual(['5', 'f', '02.02.2024', '1.0'])
  expect(seen.words).toContain('Of the first 1,000 records 3 would be rejects')
})

test('what --max-rejects allows does not fail it, and less does; nothing is left behind', async () => {
  const text = 'id,name\nx,a\ny,b\n3,c\n'
  expect(await dryRun('few', text)).toMatchObject({ code: 1 })
  expect(await dryRun('few', text, ['--max-rejects', '100%'])).toMatchObject({ code: 0 })
  expect(await dryRun('few', text, ['--max-rejects', '1'])).toMatchObject({ code: 1 })
  const { rows } = await harness.db.query(
    `select (select count(*) from few) as rows,
            (select count(*) from pg_class where relname ~ 'sluice_(sample|landing)') as tables`,
  )
  expect(rows).toEqual([{ rows: 0, tables: 0 }])
})

test('an error has its hint: a column that the table lacks, and a database that is away', async () => {
  const unknown = await dryRun('few', 'id,other\n1,2\n')
  expect(unknown).toMatchObject({ code: 1, problem: expect.stringContaining('other') })
  expect(unknown.hint).toBeTruthy()
  expect(unknown.words).toContain(`  ${unknown.hint}`)
  const away = await dryRun('few', 'id\n1\n', [], 'postgres://postgres@127.0.0.1:1/none')
  expect(away).toMatchObject({ code: 1, exists: null, hint: anyText })
  expect(away.rejects.byDatabase).toBe(false)
})

test('a role that may make no temporary table sees the form of the records only', async () => {
  const name = harness.databaseUrl.split('/').at(-1)?.split('?')[0]
  await harness.db.query(`revoke temporary on database ${name} from public;
    create role plain_${name} login password 'plain'; grant create, usage on schema public to plain_${name};
    grant insert on few to plain_${name}`)
  const url = new URL(harness.databaseUrl)
  url.username = `plain_${name}`
  url.password = 'plain'
  const seen = await dryRun('few', 'id,name\nx,a\n1\n', [], `${url}`)
  await harness.db.query(`drop owned by plain_${name}; drop role plain_${name}`)
  expect(seen).toMatchObject({ code: 0, rejects: { count: 1, byDatabase: false } })
  expect(seen.words).toContain('Of the first 2 records 1 would be a reject: ')
})
