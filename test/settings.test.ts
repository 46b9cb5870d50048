/** The settings file: what it says, and what is said when it is wrong. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { parseText } from '../src/settings/parse.ts'
import { readSettings } from '../src/settings.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-settings-'))
const file = join(folder, 'sluice.json')
afterAll(() => rm(folder, { recursive: true, force: true }))

async function read(content: unknown) {
  const isRaw = typeof content === 'string' || Buffer.isBuffer(content)
  await writeFile(file, isRaw ? content : JSON.stringify(content))
  return readSettings(file)
}

/** What is wrong, without the frame around it. */
async function problem(content: unknown): Promise<string> {
  const error = await read(content).catch((each) => each)
  expect(error).toMatchObject({ code: 'settings_invalid', retryable: false })
  expect(error.hint).toContain('docs/')
  const [frame, end] = [`The settings file ${file} is not valid: `, '.']
  expect(error.message.startsWith(frame) && error.message.endsWith(end)).toBe(true)
  return error.message.slice(frame.length, -end.length)
}

test('routes are taken as they are, time limits in milliseconds', async () => {
  const routes = [{ when: { sizeOver: '10GB', path: ['/data/**'] }, queue: 'big' }, { queue: 'x' }]
  const timeouts = { load: '10m', list: { soft: 60_000 } }
  expect(await read({ routes, timeouts })).toEqual({
    routes,
    timeouts: { load: { softMs: 540_000, hardMs: 600_000 }, list: { softMs: 60_000 } },
    connections: {},
  })
})

test('the example of docs/routing.md is one', async () => {
  const page = await readFile(join(import.meta.dirname, '../docs/routing.md'), 'utf8')
  const [, example = ''] = /```json\n(.*?)```/s.exec(page) ?? []
  const { routes, timeouts } = await read(example)
  expect(routes).toHaveLength(4)
  expect(timeouts).toEqual({
    load: { softMs: 540_000, hardMs: 600_000 },
    publish: { softMs: 3_000_000, hardMs: 3_600_000 },
  })
})

test('an empty file of settings sets nothing, with or without a byte order mark', async () => {
  const nothing = { routes: [], timeouts: {}, connections: {} }
  expect(await read({})).toEqual(nothing)
  expect(await read('\ufeff {}\r\n')).toEqual(nothing)
  expect(await read({ routes: [], timeouts: {} })).toEqual(nothing)
})

test('a named file must be there, the default one need not', async () => {
  const missing = join(folder, 'missing.json')
  const message = `The settings file ${missing} is not valid: there is no such file.`
  await expect(readSettings(missing)).rejects.toMatchObject({ code: 'settings_invalid', message })
  await expect(readSettings(join(missing, 'below'))).rejects.toThrow('there is no such file')
  expect(await readSettings(missing, { mustExist: false })).toEqual({
    routes: [],
    timeouts: {},
    connections: {},
  })
  const before = process.cwd()
  // The default is looked up where the process is, not where it was.
  const elsewhere = await mkdtemp(join(folder, 'elsewhere-'))
  try {
    process.chdir(elsewhere)
    expect(await readSettings(null)).toEqual({ routes: [], timeouts: {}, connections: {} })
    await expect(readSettings(null, { mustExist: true })).rejects.toThrow('no such file')
    await writeFile('sluice.json', '{"routes": [{"queue": "here"}]}')
    expect((await readSettings(null)).routes).toEqual([{ queue: 'here' }])
  } finally {
    process.chdir(before)
  }
})

test('a file that cannot be read says so', async () => {
  await expect(readSettings(folder)).rejects.toThrow('it is a folder')
  expect(await problem(Buffer.from([0x7b, 0xff, 0x7d]))).toBe('it is not UTF-8')
  expect(await problem(' '.repeat(1024 * 1024 + 1))).toBe('it is larger than 1 MiB')
})

test.each([
  ['{\n  "routes": [\n', /^line 3, column 1: Flow sequence .* must .* end with a \]$/],
  ['{"routes": [], "routes": []}', /^line 1, column 16: Map keys must be unique$/],
  ['{"a": 1, "\\u0061": 2}', /^line 1, column 10: Map keys must be unique$/],
  ['{} x', /^line 1, column 4: Unexpected scalar/],
  ['{\r\n"routes": [],\r\n"ü🚀": [}', /^line 3, column 9: /],
  ['routes: []\n load: 1', /^line 2, column 1: All mapping items/],
  ['\troutes: []', /^line 1, column 1: Tabs are not allowed as indentation$/],
  ['routes: !mine []', /^line 1, column 9: Unresolved tag/],
  ['routes: &all []\ntimeouts: *all', /^line 2, column 11: an alias/],
  ['timeouts: *none', /^line 1, column 11: an alias/],
  ['? [a]\n: b', /^line 1, column 3: .*keys must be strings$/],
  ['routes: []\n---\nroutes: []', /^line 2, column 1: Source contains multiple documents/],
  ['['.repeat(100_000), /^it is nested too deeply$/],
  ['{"a": [1 2]}', /^a is not known here, only routes, timeouts, connections$/],
])('the text %.30j is refused with its place', async (text, wanted) => {
  expect(await problem(text)).toMatch(wanted)
})

test('YAML says the same as JSON, with comments, and in a file of its own name', async () => {
  const yaml = [
    '# big files',
    'routes:',
    '  - queue: big',
    '    when: { sizeOver: 10GB, path: "*.csv" }',
    'timeouts:',
    '  load: { soft: 9m, hard: 10m }',
  ].join('\n')
  const same = await read({
    routes: [{ queue: 'big', when: { sizeOver: '10GB', path: '*.csv' } }],
    timeouts: { load: { soft: '9m', hard: '10m' } },
  })
  expect(await read(yaml)).toEqual(same)
  const before = process.cwd()
  const elsewhere = await mkdtemp(join(folder, 'yaml-'))
  try {
    process.chdir(elsewhere)
    await writeFile('sluice.yaml', yaml)
    expect(await readSettings(null)).toEqual(same)
    await writeFile('sluice.json', '{}')
    await expect(readSettings(null)).rejects.toThrow('sluice.yaml is there as well: keep one')
  } finally {
    process.chdir(before)
  }
})

test.each([
  [[], 'it must be an object'],
  [{ rotues: [] }, 'rotues is not known here, only routes, timeouts, connections'],
  [{ 'a/b~c': 1 }, 'a/b~c is not known here, only routes, timeouts, connections'],
  ['{"__proto__": {}}', '__proto__ is not known here, only routes, timeouts, connections'],
  [{ routes: {} }, 'routes must be a list'],
  [{ routes: [{}] }, 'routes[0] lacks queue'],
  [
    { routes: [{ queue: 'a b' }] },
    'routes[0].queue does not fit: a task queue: 1 to 200 characters without spaces and commas',
  ],
  [
    { routes: [{ queue: '' }] },
    'routes[0].queue does not fit: a task queue: 1 to 200 characters without spaces and commas',
  ],
  [
    { routes: [{ queue: 'a', when: { size: 1 } }] },
    'routes[0].when.size is not known here, only source, path, target, sizeOver, sizeUnder, step',
  ],
  [
    { routes: [{ queue: 'a' }, { queue: 'a', when: { path: ['x', 5] } }] },
    'routes[1].when.path[1] must be a text',
  ],
  [
    { routes: [{ queue: 'a', when: { source: 'ftp' } }] },
    'routes[0].when.source does not fit: the kind of the source, one of "upload", "directory", "http", "postgres", "s3", or a list of them',
  ],
  [
    { routes: [{ queue: 'a', when: { source: ['ftp'] } }] },
    'routes[0].when.source[0] must be one of "upload", "directory", "http", "postgres", "s3"',
  ],
  [
    { routes: [{ queue: 'a', when: { path: 'a[' } }] },
    'routes[0].when.path: a [ has no ]; for the character itself write \\[',
  ],
  [
    { timeouts: { sweep: '1m' } },
    'timeouts.sweep is not known here, only list, stage, step, plan, load, publish',
  ],
  [
    { timeouts: { load: { soft: '2m', hard: '1m' } } },
    'timeouts.load.soft: the soft limit (2m) must be below the hard one (1m)',
  ],
  [{ timeouts: { load: 600 } }, 'timeouts.load: 600 ms is not from 1 s to 30 days'],
  [{ timeouts: { load: '40d' } }, 'timeouts.load: 40d is not from 1 s to 30 days'],
])('the settings %j are refused with their place', async (content, wanted) => {
  expect(await problem(content)).toBe(wanted)
})

test('a size or a duration that is none says what is one', async () => {
  const routes = [{ queue: 'a', when: { sizeOver: '5 gigs' } }]
  expect(await problem({ routes })).toMatch(
    /^routes\[0\]\.when\.sizeOver does not fit: bytes, .*"1GB" or "512 MiB".*1024$/,
  )
  for (const wrong of [1.5, '10 minutes', true, { soft: '' }]) {
    expect(await problem({ timeouts: { load: wrong } })).toMatch(
      /^timeouts\.load(\.soft)? does not fit: a text like "30s".*1 s to 30 days/,
    )
  }
})

test('several problems are told together, but not all of a hundred', async () => {
  const routes = Array.from({ length: 100 }, () => ({ queu: 'a' }))
  const told = await problem({ routes, timeouts: { sweep: 1 } })
  expect(told).toContain('routes[0] lacks queue; routes[0].queu is not known')
  expect(told.split('; ')).toHaveLength(6)
  expect(told.endsWith('; …')).toBe(true)
})

test('what is JSON means here what it means to JSON.parse', () => {
  const refuse = (problem: string) => new Error(problem)
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.nat(3), (value, spaces) => {
      const text = JSON.stringify(value, null, spaces)
      expect(parseText(text, refuse)).toEqual(JSON.parse(text) ?? {})
    }),
    { numRuns: 2000 },
  )
})
