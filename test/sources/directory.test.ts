/** Which files a path, a folder or a glob stands for, and in which order. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { expand } from '../../src/cli/commands/ingest/sources.ts'
import { escapeGlob } from '../../src/domain/glob.ts'
import type { SelectionOptions } from '../../src/domain/selection.ts'
import { inOrder, type PlacedFile } from '../../src/postgres/ledger/listing.ts'
import { openSource } from '../../src/sources/index.ts'
import { build } from '../harness.ts'
import { sourceDeps } from '../sourceDeps.ts'
import { unpacking } from './unpacking.ts'

const root = await mkdtemp(join(tmpdir(), 'sluice-list-'))
const data = join(root, 'data')
afterAll(() => rm(root, { recursive: true, force: true }))

for (const folder of ['data/sub/deep', 'data/.hidden', 'other', 'outside']) {
  await mkdir(join(root, folder), { recursive: true })
}
const files = [
  ...['a.csv', 'b.txt', '.dot.csv', 'sub/c.csv', 'sub/deep/e.csv', 'sub/B.csv', '.hidden/x.csv'],
  ...['[1].csv', '../other/o.csv', '../outside/secret.csv'],
]
for (const file of files) await writeFile(join(data, file), 'a\n1\n')
await symlink('a.csv', join(data, 'link.csv'))
await symlink('../other', join(data, 'linked'))
await symlink('nowhere', join(data, 'dangling.csv'))

const openDirectory = (path: string | string[], roots: string[], more: SelectionOptions = {}) =>
  openSource(
    { source: { kind: 'directory', path, ...more } },
    { ...sourceDeps({ roots }), ...unpacking, unpack: unpacking.limits },
  )

async function list(path: string | string[], roots = [root]): Promise<string[]> {
  const found: string[] = []
  const source = openDirectory(path, roots)
  for await (const { name } of source.list(new AbortController().signal)) found.push(name)
  return found.sort()
}

const top = ['[1].csv', 'a.csv', 'b.txt', 'link.csv']
const deep = ['sub/B.csv', 'sub/c.csv', 'sub/deep/e.csv']

/** [glob, the files that it stands for] */
const table: [string, string[]][] = [
  ['*', top],
  ['**', [...top, 'linked/o.csv', ...deep]],
  ['**/*.csv', ['[1].csv', 'a.csv', 'link.csv', 'linked/o.csv', ...deep]],
  ['*/*.csv', ['linked/o.csv', 'sub/B.csv', 'sub/c.csv']],
  ['sub/**', deep],
  ['s*/**', deep],
  ['{sub,linked}/*', ['linked/o.csv', 'sub/B.csv', 'sub/c.csv']],
  ['{sub/deep,linked}/*', ['linked/o.csv', 'sub/deep/e.csv']],
  ['{sub/**,.hidden}/*', ['.hidden/x.csv', ...deep]],
  ['?.csv', ['a.csv']],
  ['[ab].*', ['a.csv', 'b.txt']],
  ['[!a]*', ['.dot.csv', '[1].csv', 'b.txt', 'link.csv']],
  ['[[:alpha:]].*', ['a.csv', 'b.txt']],
  ['!(a).csv', ['.dot.csv', '[1].csv', 'link.csv']],
  ['!(*.csv)', ['b.txt']],
  [
    '**/!(c|a).csv',
    ['.dot.csv', '[1].csv', 'link.csv', 'linked/o.csv', 'sub/B.csv', 'sub/deep/e.csv'],
  ],
  ['.hidden/*', ['.hidden/x.csv']],
  ['**/.hidden/*', ['.hidden/x.csv']],
  ['.*', ['.dot.csv']],
  ['.*/*', ['.hidden/x.csv']],
  ['**/deep/*', ['sub/deep/e.csv']],
  ['**/sub/**', deep],
  ['\\[1\\].*', ['[1].csv']],
  ['[[]1].*', ['[1].csv']],
  ['sub/*/*', ['sub/deep/e.csv']],
  ['sub/../sub//./*', ['sub/B.csv', 'sub/c.csv']],
  ['+(a|b).*', ['a.csv', 'b.txt']],
  ['@(a|{b,link}).*', ['a.csv', 'b.txt', 'link.csv']],
  ['*.{csv,txt}', top],
  ['**.csv', ['[1].csv', 'a.csv', 'link.csv']],
  ['**/[A-Z]*', ['sub/B.csv']],
  ['**/{A..C}*', ['sub/B.csv']],
]

test.each(table)('the glob %s stands for its files', async (pattern, names) => {
  const wanted = names.map((name) => join(data, name)).sort()
  expect(await list(join(data, pattern))).toEqual(wanted)
  // The command line finds the same.
  const expanded = await expand(join(data, pattern))
  expect(expanded.map(({ path }) => path)).toEqual(wanted)
})

test('a name that looks like a glob is a name when there is such a file', async () => {
  expect(await list(join(data, '[1].csv'))).toEqual([join(data, '[1].csv')])
})

test('a folder that looks like a glob is a folder for what lies in it', async () => {
  const odd = join(root, 'o{d,}d (1)[x] +(a)')
  await mkdir(odd)
  await writeFile(join(odd, 'a.csv'), 'a\n1\n')
  expect(await list(join(escapeGlob(odd), '*.csv'))).toEqual([join(odd, 'a.csv')])
  expect(await list(odd)).toEqual([join(odd, 'a.csv')])
})

test('a glob that would take too long to prepare is refused', async () => {
  const hostile = join(data, `!(${'*a'.repeat(9)}${'?'.repeat(30)})`)
  await expect(list(hostile)).rejects.toMatchObject({ code: 'glob_invalid' })
})

test('a folder stands for the files in it, without hidden ones', async () => {
  const names = ['[1].csv', 'a.csv', 'b.txt', 'link.csv']
  expect(await list(data)).toEqual(names.map((name) => join(data, name)))
})

test('what is no file in a folder is left out, and told as what it is', async () => {
  const odd = join(root, 'odd')
  await mkdir(odd)
  await writeFile(join(odd, 'a.csv'), 'a\n1\n')
  await symlink('nowhere', join(odd, 'broken.csv'))
  execFileSync('mkfifo', [join(odd, 'pipe.csv')])
  const told: string[] = []
  const source = openDirectory(odd, [root])
  const onLeftOut = (name: string, why: string) => void told.push(`${basename(name)}: ${why}`)
  const found: string[] = []
  for await (const { name } of source.list(new AbortController().signal, onLeftOut)) {
    found.push(basename(name))
  }
  expect(found).toEqual(['a.csv'])
  expect(told.sort()).toEqual(['broken.csv: a link that leads nowhere', 'pipe.csv: a pipe'])
})

test('files are left out by name and age, which is told, and come in the order that is asked for', async () => {
  const aged = join(root, 'aged')
  await mkdir(join(aged, 'old'), { recursive: true })
  const days = { 'a.csv': 1, 'b.csv': 3, 'c.csv': 2, 'd.tmp': 1, 'e.csv': 9, 'old/f.csv': 1 }
  for (const [name, ago] of Object.entries(days)) {
    await writeFile(join(aged, name), 'a\n1\n')
    const time = new Date(Date.now() - ago * 86_400_000)
    await utimes(join(aged, name), time, time)
  }
  const select = { exclude: ['*.tmp', 'old/**'], newerThan: '5d', olderThan: '12h' }
  const told: string[] = []
  const source = openDirectory(join(aged, '**'), [root], { ...select, order: 'oldest' })
  const onLeftOut = (name: string, why: string) => void told.push(`${basename(name)}: ${why}`)
  const names = await inPages(source.list(new AbortController().signal, onLeftOut))
  expect(names.map((name) => basename(name))).toEqual(['b.csv', 'c.csv', 'a.csv'])
  expect(told.sort()).toEqual(['d.tmp: excluded', 'e.csv: not newer than 5d', 'f.csv: excluded'])
})

test.runIf(process.platform === 'linux')(
  'a file that says it is empty and has bytes is refused',
  async () => {
    const { length } = await readFile('/proc/meminfo')
    expect(length).toBeGreaterThan(0)
    await expect(list('/proc/meminfo', ['/'])).rejects.toMatchObject({
      code: 'file_unreadable',
      message: expect.stringContaining('/proc/meminfo'),
    })
  },
)

test('a link that leads round in circles is left out', async () => {
  await symlink('..', join(data, 'sub/up'))
  expect(await list(join(data, '**/c.csv'))).toEqual([join(data, 'sub/c.csv')])
  await rm(join(data, 'sub/up'))
})

test('folders that link to one another are walked in few ways, not in all of 2^40', async () => {
  const tangle = join(root, 'tangle')
  await mkdir(tangle)
  for (let level = 0; level < 40; level++) {
    const folder = join(tangle, `${level}`)
    await mkdir(folder)
    await writeFile(join(folder, 'x.csv'), 'a\n')
    for (const name of ['one', 'two']) await symlink(`../${level + 1}`, join(folder, name))
  }
  await mkdir(join(tangle, '40'))
  await expect(list(join(tangle, '0', '**/*.csv'))).rejects.toMatchObject({
    code: 'file_unreadable',
    message: expect.stringContaining('links lead to it in more than 64 ways'),
  })
  // Two names of one folder are two names of its files, as ever.
  expect(await list(join(tangle, '38/*/*.csv'))).toHaveLength(2)
})

test.each([
  ['a file that is not there', 'no.csv'],
  ['a glob that matches nothing', '*.parquet'],
  ['an empty folder', 'empty'],
])('%s is said', async (_, name) => {
  await mkdir(join(data, 'empty'), { recursive: true })
  await expect(list(join(data, name))).rejects.toMatchObject({ code: 'source_empty' })
})

test('nothing outside of the roots is read, also not through a link', async () => {
  await symlink('../../outside/secret.csv', join(data, 'sub/way.csv'))
  await symlink('../../outside', join(data, 'sub/way'))
  for (const path of ['sub/way.csv', 'sub/*.csv', 'sub/way/*', '**', '../outside/secret.csv']) {
    await expect(list(join(data, path), [data, join(root, 'other')])).rejects.toMatchObject({
      code: 'path_not_allowed',
    })
  }
  await rm(join(data, 'sub/way.csv'))
  await rm(join(data, 'sub/way'))
})

const harness = await build()

async function* found(names: string[]) {
  for (const [at, name] of names.entries()) {
    yield { name, sizeBytes: at, version: '1-1', place: name.startsWith('z') ? 0 : 1 }
  }
}

/** What the ledger would get, in one transaction. */
const ordered = (names: string[]): Promise<string[]> => inPages(found(names))

async function inPages(files: AsyncIterable<PlacedFile>): Promise<string[]> {
  const connection = await harness.db.connect()
  try {
    await connection.query('begin')
    const pages: string[][] = []
    for await (const page of inOrder(connection, files)) {
      pages.push(page.map(({ name }) => name))
    }
    return pages.flat()
  } finally {
    await connection.query('rollback')
    connection.release()
  }
}

const byBytes = (names: string[]): string[] => {
  const key = (name: string) => Buffer.from((name.startsWith('z') ? '0' : '1') + name)
  return [...new Set(names)].sort((a, b) => Buffer.compare(key(a), key(b)))
}

test('in the order of their bytes, each once, in memory and in the table', async () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\0'))
  await fc.assert(
    fc.asyncProperty(fc.array(name, { minLength: 1, maxLength: 60 }), async (some) => {
      const twice = [...some, ...some]
      expect(await ordered(twice)).toEqual(byBytes(some))
      const padding = Array.from({ length: 1200 }, (_, n) => `${n % 1100}`)
      const long = [...twice, ...padding]
      expect(await ordered(long)).toEqual(byBytes(long))
    }),
    { numRuns: 15 },
  )
})

test('none at all', async () => {
  expect(await ordered([])).toEqual([])
})

test('what is there and no file is named as what it is', async () => {
  const pipe = join(root, 'pipe.csv')
  execFileSync('mkfifo', [pipe])
  const socket = join(root, 'socket.csv')
  const server = createServer().listen(socket)
  await once(server, 'listening')
  for (const [path, what] of [
    [pipe, 'a pipe'],
    [socket, 'a socket'],
    ['/dev/null', 'a device'],
  ] as const) {
    const told = {
      code: 'source_not_a_file',
      message: `${path} is ${what}, not a file or a folder.`,
    }
    await expect(list(path)).rejects.toMatchObject(told)
    await expect(expand(path)).rejects.toMatchObject(told)
  }
  server.close()
})
