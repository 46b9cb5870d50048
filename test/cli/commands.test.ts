/** The client commands against a remote API: what they print, and their exit codes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { createClient } from '../../src/cli/client.ts'
import { sendFiles } from '../../src/cli/commands/ingest/send.ts'
import { buildApi } from '../api/server.ts'
import { until } from '../harness.ts'
import { zip } from '../zip.ts'
import { inProcess } from './inProcess.ts'
import { environment, program, sluice } from './sluice.ts'

const api = await buildApi()
const env = { SLUICE_API: api.url, SLUICE_HOME: join(api.folder, 'none') }
const run = (...args: string[]) => sluice(args, { env, cwd: api.folder })
/** The same within this process: enough where only the answer is of interest. */
const ask = (...args: string[]) => inProcess(args, env)
const uploads = () => readdir(join(api.folder, '.stage', 'uploads'))

beforeAll(async () => {
  await writeFile(join(api.folder, 'trips.csv'), 'id,name\n1,a\n2,b\nx,c\n')
  await api.db.query('create table public.trips (id bigint, name text)')
  await api.startWorker()
})

const ingest = (...args: string[]) =>
  run('ingest', 'trips.csv', '--into', 'trips', '--queue', api.queue, ...args)

test('sends the file, follows, sums up, and removes what it sent', async () => {
  const { code, out, error } = await ingest('--id', 'first')
  expect([code, error]).toEqual([0, ''])
  expect(out).toMatch(/^ingest first$/m)
  expect(out).toMatch(/^✓ first completed in .*: 2 rows loaded into public\.trips, 1 rejected$/m)
  expect(out).toContain('sluice rejects first')
  expect(await uploads()).toEqual([])
})

test('the same id again loads nothing again, another spec is refused', async () => {
  expect((await ingest('--id', 'first')).out).toMatch(
    /^first was completed already at .*: nothing was loaded now.*give another --id/m,
  )
  const again = await ingest('--id', 'first', '--json')
  expect(again.code).toBe(0)
  expect(JSON.parse(again.out)).toMatchObject({ id: 'first', state: 'completed', rowsLoaded: 2 })
  expect(await uploads()).toEqual([])
  const other = await ingest('--id', 'first', '--mode', 'replace', '--json')
  expect(other.code).toBe(1)
  expect(JSON.parse(other.error).error.code).toBe('ingest_conflict')
  const { rows } = await api.db.query('select count(*) from trips')
  expect(rows[0].count).toBe(2)
})

test('takes folders and globs, and names what is not there', async () => {
  const many = await run('ingest', '*.csv', '--into', 'globbed', '--queue', api.queue, '--json')
  expect(JSON.parse(many.out)).toMatchObject({ state: 'completed', files: 1, rowsRead: 3 })
  const missing = await run('ingest', 'nope.csv', '--into', 'trips')
  expect(missing).toEqual({
    code: 1,
    out: '',
    error: 'sluice: There is no file at nope.csv.\n  Name a file, a folder or a glob.\n',
  })
})

test.each([[[]], [['--dry-run']], [['--upload']]])(
  'an empty argument is no folder: %j',
  async (more) => {
    const { code, error } = await run('ingest', '', '--into', 'public.emptily', ...more)
    expect([code, error]).toEqual([1, expect.stringContaining('There is no file at ""')])
    const { rows } = await api.db.query(`select to_regclass('public.emptily') as made`)
    expect(rows).toEqual([{ made: null }])
  },
)

test('of a folder that is sent, what is no data stays here and is told', async () => {
  const folder = join(api.folder, 'sent')
  await mkdir(join(folder, 'older'), { recursive: true })
  const files = {
    'a.csv': 'id,name\n1,a\n',
    'b.csv': 'id,name\n2,b\n',
    'README.md': '# Hi\n',
    '.DS_Store': 'x',
    '.hidden.csv': 'id,name\n3,c\n',
    scan: '%PDF-1.7\n',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const ingestThat = (...sources: string[]) =>
    run('ingest', ...sources, '--into', 'sent', '--queue', api.queue, '--json')
  const { out } = await ingestThat('sent')
  const view = JSON.parse(out)
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 0 })
  expect(view.spec.source.uploads).toHaveLength(3)
  const told = view.notes.map(({ message }: { message: string }) => message).join('\n')
  for (const name of ['README.md', '.DS_Store', '.hidden.csv', 'older', '-scan']) {
    expect(told).toContain(name)
  }
  const none = await ingestThat('sent/README*')
  expect(JSON.parse(none.error).error.code).toBe('source_left_out')
  // Who names a file says that it is data.
  const named = JSON.parse((await ingestThat('sent/README.md')).out)
  expect(named.spec.source.uploads).toHaveLength(1)
})

test('of an archive that is sent, the members that a glob is for are loaded', async () => {
  const members = {
    'a.csv': 'id,name\n1,a\n',
    'b.txt': 'id,name\n2,b\n',
    'c.csv': 'id,name\n3,c\n',
  }
  await writeFile(join(api.folder, 'some.zip'), await zip(members))
  const args = ['--into', 'some', '--queue', api.queue, '--upload', '--json']
  const { out } = await run('ingest', 'some.zip/*.csv', ...args)
  const view = JSON.parse(out)
  expect(view).toMatchObject({ state: 'completed', files: 2, rowsLoaded: 2 })
  expect(view.spec.source.uploads).toEqual([expect.stringMatching(/-some\.zip\/\*\.csv$/)])
  expect(await uploads()).toEqual([])
  const none = await run('ingest', 'none.zip/*.csv', ...args)
  expect(none.error).toContain('file_missing')
})

test.each([[[]], [['--upload']]])(
  'files are left out by name and age, and told: %j',
  async (how) => {
    const folder = join(api.folder, 'aged')
    await mkdir(folder, { recursive: true })
    const days = { 'a.csv': 1, 'b.csv': 3, 'c.csv': 9, 'd.tmp.csv': 1 }
    for (const [name, ago] of Object.entries(days)) {
      await writeFile(join(folder, name), `id,name\n${ago},${name}\n`)
      const time = new Date(Date.now() - ago * 86_400_000)
      await utimes(join(folder, name), time, time)
    }
    const flags = ['--exclude', '*.tmp.*', '--newer-than', '5d', '--order', 'oldest', ...how]
    const args = ['aged', '--into', `aged_${how.length}`, '--queue', api.queue, '--json', ...flags]
    const { out } = await run('ingest', ...args)
    const view = JSON.parse(out)
    expect(view).toMatchObject({ state: 'completed', files: 2, rowsLoaded: 2 })
    const told = view.notes.map(({ message }: { message: string }) => message).join('\n')
    expect(told).toMatch(/left out \(excluded\): .*d\.tmp\.csv/)
    expect(told).toMatch(/left out \(not newer than 5d\): .*c\.csv/)
    const { rows } = await api.db.query(
      'select name from sluice.files where ingest_id = $1 order by file_no',
      [view.id],
    )
    expect(rows.map(({ name }) => name.slice(-5))).toEqual(['b.csv', 'a.csv'])
  },
)

test('a failed ingest exits with 1 and says why', async () => {
  const { code, out } = await ingest('--max-rejects', '0')
  expect(code).toBe(1)
  expect(out).toMatch(/✗ .* failed in .*: nothing was published to public\.trips, 1 rejected/)
  expect(out).toContain('1 of 3 rows were rejected')
})

test('rows are rejected: the last lines name the flag that mends them', async () => {
  const rows = Array.from({ length: 9 }, (_, at) => `${at},a\n`).join('')
  await writeFile(join(api.folder, 'latin.csv'), Buffer.from(`id,name\n${rows}9,\xe9\n`, 'latin1'))
  const { code, out } = await run('ingest', 'latin.csv', '--into', 'latin', '--queue', api.queue)
  expect(code).toBe(0)
  expect(out).toMatch(/Note: 1 row was rejected\. .*latin\.csv line 11.*`--encoding windows-1252`/)
})

test('shows a list, a state and rejects', async () => {
  const list = await run('list', '--limit', '1')
  expect(list.out.split('\n')[0]).toMatch(/^INGEST +STATE +TARGET +LOADED +REJECTED/)
  expect(list.out).toContain('More: sluice list --before')
  expect(JSON.parse((await ask('list', '--json')).out).ingests.length).toBeGreaterThan(2)
  const status = await ask('status', 'first')
  expect([status.code, status.out]).toEqual([0, expect.stringMatching(/^state +completed$/m)])
  const rejects = await ask('rejects', 'first')
  expect(rejects.out).toMatch(/trips\.csv:4 id: .*x,c/)
  const csv = await ask('rejects', 'first', '--csv')
  expect(csv.out).toMatch(
    /^file,line,column,code,constraint,error,raw\r\n\S+,4,id,22P02,.*"x,c"\r\n$/,
  )
  const json = JSON.parse((await ask('rejects', 'first', '--json')).out)
  expect(json).toMatchObject({ rejects: [{ line: 4, column: 'id', raw: 'x,c' }], next: null })
  const unknown = await ask('status', 'nobody')
  expect([unknown.code, unknown.error]).toEqual([1, expect.stringContaining('no ingest nobody')])
})

test('does not wait, steers, and cancels what no worker has', async () => {
  const args = ['ingest', 'trips.csv', '--into', 'q', '--queue', 'nobody', '--id', 'waits']
  const sent = await run(...args, '--no-wait', '--json')
  expect([sent.code, JSON.parse(sent.out).state]).toEqual([0, 'queued'])
  expect((await ask('pause', 'waits')).out).toMatch('is asked to pause')
  await api.client.workflow.getHandle('waits').terminate()
  const lost = await ask('status', 'waits')
  expect([lost.code, lost.out]).toEqual([1, expect.stringContaining('TERMINATED')])
  expect((await ask('cancel', 'waits')).out).toBe('waits is cancelled.\n')
  const ended = await ask('cancel', 'waits')
  expect([ended.code, ended.error]).toEqual([1, expect.stringContaining('ended already')])
})

test('Ctrl-C leaves the ingest running, and says how to go on', async () => {
  const args = ['ingest', 'trips.csv', '--into', 'left', '--queue', 'nobody', '--id', 'left']
  const child = spawn(process.execPath, [program, ...args], {
    env: environment(env),
    cwd: api.folder,
  })
  let out = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (out += chunk))
  await until(() => /queued/.test(out), { what: 'the first line' })
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  expect([code, out]).toEqual([130, expect.stringContaining('sluice status left --follow')])
  expect((await api.ask('GET', '/v1/ingests/left')).body.workflow.status).toBe('RUNNING')
  await api.ask('POST', '/v1/ingests/left/cancel')
})

test('a dry run shows what would happen, with a database and without', async () => {
  const args = ['ingest', 'trips.csv', '--dry-run', '--json', '--into']
  const database = { env: { ...env, DATABASE_URL: api.databaseUrl }, cwd: api.folder }
  const known = JSON.parse((await sluice([...args, 'trips'], database)).out)
  expect(known).toMatchObject({ exists: true, typesFrom: 'target', problem: null, odd: 0 })
  expect(known.columns).toEqual([
    { name: 'id', type: 'bigint' },
    { name: 'name', type: 'text' },
  ])
  const guessed = await run(...args, 'unheard')
  expect(JSON.parse(guessed.out)).toMatchObject({ exists: null, typesFrom: 'guess', sampled: 3 })
  const bad = await sluice([...args, 'missing.t'], database)
  expect([bad.code, JSON.parse(bad.out).problem]).toEqual([1, expect.stringMatching('missing')])
  expect((await run('ingest', 'trips.csv', '--dry-run', '--into', 'x')).out).toMatch('Nothing was')
})

test('bad usage exits with 2, and what is missing is named', async () => {
  const nowhere = { env: { SLUICE_HOME: env.SLUICE_HOME }, cwd: api.folder }
  const cases: [string[], number, string][] = [
    [['bogus'], 2, "unknown command 'bogus'"],
    [['ingest', 'trips.csv'], 2, 'The target is missing'],
    [['ingest', 'trips.csv', '--into', 't', '--mode', 'upsert'], 2, 'Allowed choices are'],
    [['ingest', 'trips.csv', '--into', 't', '--max-rejects', 'x'], 2, 'a share like 1%'],
    [['worker', '--concurrency', '0'], 2, 'from 1 to 1000'],
    [['worker', '--queue', 'a,a'], 2, 'there twice'],
    [['worker'], 1, 'TEMPORAL_ADDRESS is not set'],
    [['migrate'], 1, 'DATABASE_URL is not set'],
    [['list'], 1, 'SLUICE_API'],
    [['up', 'trips.csv'], 2, '--into'],
    [['up', 'trips.csv', '--into', 'a.b.c'], 2, 'more than two parts'],
  ]
  for (const [args, code, text] of cases) {
    // A worker that cannot start ends its process.
    const isWorker = args[0] === 'worker'
    const ran = isWorker ? await sluice(args, nowhere) : await inProcess(args, nowhere.env)
    const { code: real, error } = ran
    expect([args, real, error]).toEqual([args, code, expect.stringContaining(text)])
    expect(error).not.toMatch(/^ +at /m)
  }
  const said = async (...args: string[]) =>
    JSON.parse((await inProcess(args, nowhere.env)).error).error
  expect(await said('bogus', '--json')).toEqual({
    code: 'usage_invalid',
    message: "unknown command 'bogus'.",
    hint: 'See `sluice --help`.',
  })
  const target = { code: 'usage_invalid', hint: 'See `sluice ingest --help`.' }
  expect(await said('ingest', 'trips.csv', '--json')).toMatchObject(target)
  expect(await said('ingest', 'a', '--json', '--mode', 'x')).toMatchObject(target)
  const loud = await sluice(['migrate'], { env: { SLUICE_LOG_LEVEL: 'loud' } })
  expect([loud.code, loud.error]).toEqual([1, expect.stringContaining('SLUICE_LOG_LEVEL is loud')])
  const away = await inProcess(['list'], { SLUICE_API: 'http://127.0.0.1:9999' })
  expect([away.code, away.error]).toEqual([1, expect.stringContaining('does not answer')])
  const help = await sluice(['--help'])
  expect([help.code, help.out]).toEqual([0, expect.stringContaining('ingest')])
})

test('a file that cannot be read is named, not the API', async () => {
  const gone = join(api.folder, 'gone.csv')
  const files = [{ path: gone, sizeBytes: 1 }]
  const sent = sendFiles(createClient(api.url), 'gone', {
    files,
    quiet: true,
    signal: AbortSignal.timeout(60_000),
  })
  await expect(sent).rejects.toMatchObject({
    code: 'file_unreadable',
    message: expect.stringContaining(`The file ${gone} cannot be read: ENOENT`),
  })
})

test('an API that cannot listen says where', async () => {
  const servers = { DATABASE_URL: api.databaseUrl, TEMPORAL_ADDRESS: api.temporalAddress }
  const start = (...args: string[]) => sluice(['api', ...args], { env: { ...env, ...servers } })
  const taken = await start('--port', new URL(api.url).port)
  expect([taken.code, taken.error]).toEqual([1, expect.stringMatching(/Port \d+ of .* is taken/)])
  // An address of the documentation, which no machine has.
  const foreign = await start('--host', '203.0.113.1', '--port', '3000')
  expect(foreign.code).toBe(1)
  expect(foreign.error).toContain('cannot listen on port 3000 of 203.0.113.1')
})

test('migrates, and says when there is nothing to do', async () => {
  const database = { env: { DATABASE_URL: api.databaseUrl } }
  const { code, out } = await sluice(['migrate'], database)
  expect([code, out]).toEqual([0, 'The ledger is up to date.\n'])
})
