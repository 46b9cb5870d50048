/** The settings file: what it says, and what is said when it is wrong. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { mustBeJson } from '../src/settings/json.ts'
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
  const nothing = { routes: [], timeouts: {} }
  expect(await read({})).toEqual(nothing)
  expect(await read('\ufeff {}\r\n')).toEqual(nothing)
  expect(await read({ routes: [], timeouts: {} })).toEqual(nothing)
})

test('a named file must be there, the default one need not', async () => {
  const missing = join(folder, 'missing.json')
  const message = `The settings file ${missing} is not valid: there is no such file.`
  await expect(readSettings(missing)).rejects.toMatchObject({ code: 'settings_invalid', message })
  await expect(readSettings(join(missing, 'below'))).rejects.toThrow('there is no such file')
  expect(await readSettings(missing, { mustExist: false })).toEqual({ routes: [], timeouts: {} })
  const before = process.cwd()
  // The default is looked up where the process is, not where it was.
  const elsewhere = await mkdtemp(join(folder, 'elsewhere-'))
  try {
    process.chdir(elsewhere)
    expect(await readSettings(null)).toEqual({ routes: [], timeouts: {} })
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
  ['', 'line 1, column 1: a value is wanted, but the text ends'],
  ['{\n  "routes": [\n', 'line 3, column 1: a value is wanted, but the text ends'],
  ['{"routes": [{"queue": "a",}]}', 'line 1, column 26: a comma too many before }'],
  ['{\r\n "routes": [],\r\n}', 'line 2, column 14: a comma too many before }'],
  ['{\r"a": 1,\r}', 'line 2, column 7: a comma too many before }'],
  ['{"a": [1 2]}', 'line 1, column 10: a comma or ] is wanted, not 2'],
  ['{"ü🚀": 1 "b": 2}', 'line 1, column 10: a comma or } is wanted, not "'],
  [
    '{\n  // big files\n}',
    'line 2, column 3: a key in double quotes is wanted: JSON has no comments',
  ],
  [
    "{'routes': []}",
    'line 1, column 2: a key in double quotes is wanted: texts and keys take double quotes',
  ],
  ['{routes: []}', 'line 1, column 2: a key in double quotes is wanted, not r'],
  ['{"a" 1}', 'line 1, column 6: a : is wanted, not 1'],
  ['{"a": tru}', 'line 1, column 7: a value is wanted, not t'],
  ['{"a": 01}', 'line 1, column 7: a value is wanted, not 0'],
  [
    '{"a": "x\ny"}',
    'line 1, column 7: this text has no end, or a line break, or an unknown \\ in it',
  ],
  ['{} x', 'line 1, column 4: the end is wanted, not x'],
  ['{"routes": [], "routes": []}', 'line 1, column 16: the key "routes" is there twice'],
  ['{"a": 1, "\\u0061": 2}', 'line 1, column 10: the key "a" is there twice'],
  ['['.repeat(500), 'line 1, column 102: nested deeper than 100'],
])('the text %.30j is no JSON', async (text, wanted) => {
  expect(await problem(text)).toBe(wanted)
})

test.each([
  [[], 'the whole: it must be an object'],
  [{ rotues: [] }, '/rotues: it is not known here, only routes, timeouts'],
  [{ 'a/b~c': 1 }, '/a~1b~0c: it is not known here, only routes, timeouts'],
  ['{"__proto__": {}}', '/__proto__: it is not known here, only routes, timeouts'],
  [{ routes: {} }, '/routes: it must be a list'],
  [{ routes: [{}] }, '/routes/0: it lacks queue'],
  [
    { routes: [{ queue: 'a b' }] },
    '/routes/0/queue: it must be a task queue: 1 to 200 characters without spaces and commas',
  ],
  [
    { routes: [{ queue: '' }] },
    '/routes/0/queue: it must be a task queue: 1 to 200 characters without spaces and commas',
  ],
  [
    { routes: [{ queue: 'a', when: { size: 1 } }] },
    '/routes/0/when/size: it is not known here, only source, path, target, sizeOver, sizeUnder, step',
  ],
  [
    { routes: [{ queue: 'a' }, { queue: 'a', when: { path: ['x', 5] } }] },
    '/routes/1/when/path/1: it must be a text',
  ],
  [
    { routes: [{ queue: 'a', when: { source: 'ftp' } }] },
    '/routes/0/when/source: it must be the kind of the source: "upload", "directory", or a list of them',
  ],
  [
    { routes: [{ queue: 'a', when: { source: ['ftp'] } }] },
    '/routes/0/when/source/0: it must be "upload" or "directory"',
  ],
  [
    { routes: [{ queue: 'a', when: { path: 'a[' } }] },
    '/routes/0/when/path: a [ has no ]; for the character itself write \\[',
  ],
  [
    { timeouts: { sweep: '1m' } },
    '/timeouts/sweep: it is not known here, only list, stage, step, plan, load, publish',
  ],
  [
    { timeouts: { load: { soft: '2m', hard: '1m' } } },
    '/timeouts/load/soft: the soft limit (2m) must be below the hard one (1m)',
  ],
  [{ timeouts: { load: 600 } }, '/timeouts/load: 600 ms is not from 1 s to 30 days'],
  [{ timeouts: { load: '40d' } }, '/timeouts/load: 40d is not from 1 s to 30 days'],
])('the settings %j are refused with their place', async (content, wanted) => {
  expect(await problem(content)).toBe(wanted)
})

test('a size or a duration that is none says what is one', async () => {
  const routes = [{ queue: 'a', when: { sizeOver: '5 gigs' } }]
  expect(await problem({ routes })).toMatch(
    /^\/routes\/0\/when\/sizeOver: it must be bytes, .*"1GB" or "512 MiB".*1024$/,
  )
  for (const wrong of [1.5, '10 minutes', true, { soft: '' }]) {
    expect(await problem({ timeouts: { load: wrong } })).toMatch(
      /^\/timeouts\/load(\/soft)?: it must be a text like "30s".*1 s to 30 days/,
    )
  }
})

test('several problems are told together, but not all of a hundred', async () => {
  const routes = Array.from({ length: 100 }, () => ({ queu: 'a' }))
  const told = await problem({ routes, timeouts: { sweep: 1 } })
  expect(told).toContain('/routes/0: it lacks queue; /routes/0/queu: it is not known')
  expect(told.split('; ')).toHaveLength(6)
  expect(told.endsWith('; …')).toBe(true)
})

/** JSON with a piece taken out, put in or doubled. */
const spoiled = fc
  .tuple(
    fc.json(),
    fc.nat(),
    fc.nat(3),
    fc.constantFrom('', ',', '"', '}', '[', '\\', '-', 'e', '0'),
  )
  .map(([json, at, length, put]) => {
    const from = at % (json.length + 1)
    return json.slice(0, from) + put + json.slice(from + length)
  })

test('every text is JSON for us when it is JSON, but for keys that are there twice', () => {
  let faults = 0
  fc.assert(
    fc.property(fc.oneof(spoiled, fc.json()), (text) => {
      let fault = ''
      try {
        mustBeJson(text, (each) => {
          fault = each
          return new Error(each)
        })
      } catch (error) {
        expect((error as Error).message).toBe(fault)
      }
      if (fault) faults++
      if (fault.endsWith('is there twice') || fault.includes('nested deeper')) return
      const parse = () => JSON.parse(text)
      if (fault) expect(parse, fault).toThrow(SyntaxError)
      else expect(parse).not.toThrow()
    }),
    { numRuns: 5000 },
  )
  expect(faults).toBeGreaterThan(500)
})
