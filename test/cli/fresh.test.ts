/** A checkout runs what its sources say, however often they change. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
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

  await change('every good row exactly once', 'every good row once')
  // The containers, and the tests, take what was compiled as it is.
  expect((await help({ SLUICE_DIST: '1' })).out).toContain('every good row exactly once')
  expect((await help()).out).toContain('every good row once')

  await change('every good row once', "every' good row")
  const broken = await help()
  expect(broken.code).not.toBe(0)
  expect(broken.error).toContain('src/cli/program.ts:')
  expect(broken.out).toBe('')
})
