/**
 * docs/first-dirty-file.md is true: its commands run here, in its order, and print what it says.
 *
 * Where they do not, the difference is shown; `-u` writes the page as it is now.
 */
import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { UpFile } from '../../src/config.ts'
import { listen } from '../api/server.ts'
import { environment, program } from '../cli/sluice.ts'
import { build } from '../harness.ts'
import { type Fence, fencesOf, played } from './page.ts'
import { asPsql } from './psql.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pagePath = join(root, 'docs/first-dirty-file.md')
const harness = await build()
const token = 'tutorial'
const settings = { routes: [{ queue: harness.queue }], timeouts: {} }
const url = await listen(harness, { settings, token })

test('every command of the tutorial prints what the page says', async () => {
  const shell = await shellOfReader()
  await harness.startWorker()
  const page = await readFile(pagePath, 'utf8')
  expect(fencesOf(page).filter(({ language }) => language === 'text').length).toBeGreaterThan(8)
  const run = async ({ language, body }: Fence): Promise<string> => {
    // The servers and the worker of this test stand in for those that it would start.
    if (body === 'npm start\n') return ''
    if (language === 'sh') return shell(body)
    if (language === 'sql') return asPsql(harness.db, body)
    throw new Error(`no way to run a block of ${language}`)
  }
  await expect(await played(page, run)).toMatchFileSnapshot(pagePath)
})

/** Runs commands in a folder that looks like a clone in which `npm start` is up. */
async function shellOfReader() {
  const cwd = join(await realpath(harness.folder), 'clone')
  const bin = join(harness.folder, 'bin')
  await Promise.all([mkdir(bin), mkdir(join(cwd, '.sluice'), { recursive: true })])
  await cp(join(root, 'examples'), join(cwd, 'examples'), { recursive: true })
  const npx = `#!/bin/sh\nshift\nexec "${process.execPath}" "${program}" "$@"\n`
  await writeFile(join(bin, 'npx'), npx)
  await chmod(join(bin, 'npx'), 0o755)
  const up: UpFile = {
    pid: process.pid,
    api: url,
    ui: null,
    temporal: harness.temporalAddress,
    namespace: 'default',
    databaseUrl: harness.databaseUrl,
    stage: { at: join(harness.folder, '.stage') },
    sourceRoots: [cwd],
    token,
  }
  await writeFile(join(cwd, '.sluice/up.json'), JSON.stringify(up))
  const env = environment({ PATH: `${bin}${delimiter}${process.env.PATH}` })
  return (command: string) =>
    new Promise<string>((done) => {
      execFile('sh', ['-c', command], { cwd, env }, (_, out, error) => {
        const printed = (out + error).replaceAll('\r\n', '\n')
        done(withoutProgress(printed).replaceAll(cwd, '/home/you/sluice'))
      })
    })
}

/** A terminal has a bar in place of these lines; which of them come is a matter of time. */
const withoutProgress = (text: string): string =>
  text.replaceAll(/^(ingest \S+| {2}[a-z]+ +[\d,]+ rows, .*| {2}upload .*)\n/gm, '')
