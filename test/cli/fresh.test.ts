/** A checkout runs what its sources say, however often they change. */
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../dist.ts'
import { runNode } from './sluice.ts'

const parts = 'bin scripts src workflows activities package.json tsconfig.json'.split(' ')
let checkout: string

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'sluice-checkout-'))
  await Promise.all(
    parts.map((part) => cp(join(root, part), join(checkout, part), { recursive: true })),
  )
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'))
})
afterAll(() => rm(checkout, { recursive: true, force: true }))

const help = (env: Record<string, string> = { SLUICE_DIST: '' }) =>
  runNode([join(checkout, 'bin/sluice.js'), '--help'], { env })

async function change(from: string, to: string): Promise<void> {
  const path = join(checkout, 'src/cli/program.ts')
  const text = await readFile(path, 'utf8')
  expect(text).toContain(from)
  await writeFile(path, text.replace(from, to))
}

test('a source that changed is compiled before it runs, and one that cannot be is not run', async () => {
  const first = await help()
  expect(first).toMatchObject({ code: 0, error: '' })
  expect(first.out).toContain('every good row exactly once')

  // As long as before: V8 would take what it kept of the one for the other.
  await change('every good row exactly once', 'every fine row exactly once')
  // The containers, and the tests, take what was compiled as it is.
  expect((await help({ SLUICE_DIST: '1' })).out).toContain('every good row exactly once')
  expect((await help()).out).toContain('every fine row exactly once')

  await change('every fine row exactly once', "every' fine row")
  const broken = await help()
  expect(broken.code).not.toBe(0)
  expect(broken.error).toContain('src/cli/program.ts:')
  expect(broken.out).toBe('')
})

test('what V8 has compiled is kept for the next process, and not used when it is damaged', async () => {
  const kept = join(checkout, '.cache/compiled')
  const listed = await readdir(kept, { recursive: true, withFileTypes: true })
  const files = listed.filter((each) => each.isFile())
  const paths = files.map(({ parentPath, name }) => join(parentPath, name))
  expect(paths.length).toBeGreaterThan(1)
  const whole = await help({ SLUICE_DIST: '1' })
  const damages = [
    (all: Buffer) => all.subarray(0, all.length / 2),
    (all: Buffer) => all.fill(7, 99),
  ]
  for (const damage of damages) {
    for (const path of paths) await writeFile(path, damage(await readFile(path)))
    expect(await help({ SLUICE_DIST: '1' })).toEqual(whole)
  }
})
