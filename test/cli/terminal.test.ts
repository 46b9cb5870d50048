/** What the commands print is text: nothing in a name, a value or an error acts on the terminal. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { forcesColour, wantsPlain } from '../../src/config.ts'
import { toJson, visible, visibleLines, visibleText } from '../../src/domain/visible.ts'
import { buildApi } from '../api/server.ts'
import type { WorkerProcess } from '../harness.ts'
import { inProcess } from './inProcess.ts'
import { sluice } from './sluice.ts'

const api = await buildApi()
// A pipe is none of a terminal, whatever else the environment says.
const env = { SLUICE_API: api.url, SLUICE_HOME: join(api.folder, 'none'), NO_COLOR: '', CI: '1' }
const run = (...args: string[]) => inProcess(args, env)

/** Clears the screen, sets the title, rings, and starts a sequence of C1. */
const evil = '\x1b[2J\x1b]0;x\x07\x9b31m\x7f\u202e'
const shown = '\\x1b[2J\\x1b]0;x\\x07\\x9b31m\\x7f\\u{202e}'
const acting = /(?!\n)[\p{Cc}\u202a-\u202e]/u

let worker: WorkerProcess
beforeAll(async () => {
  worker = await api.startWorker()
})

test('names, values, rejects and logs with control characters', async () => {
  await api.db.query(`create table public."t${evil}" (id int, "b${evil}" int)`)
  const file = join(api.folder, `f${evil}.csv`)
  await writeFile(file, `id,"b${evil}"\n1,2\n2,"x${evil}"\n`)
  const spec = ['--into', `public."t${evil}"`, '--queue', api.queue, '--id', 'evil']
  const outputs = [
    await sluice(['ingest', file, ...spec], { env }),
    await run('list'),
    await run('status', 'evil'),
    await run('rejects', 'evil'),
    await run('status', `no${evil}`),
    await run('ingest', `no${evil}`, ...spec),
    await run('ingest', file, '--into', `a b${evil}`),
    await run('ingest', file, ...spec.slice(2), '--into', 'x', '--dry-run'),
    await run('control', 'ping', `no${evil}`),
    await run(`no${evil}`),
    await run('queues'),
  ]
  for (const { out, error } of outputs) expect(out + error).not.toMatch(acting)
  expect(outputs[0]?.out).toContain(`1 row loaded into public."t${shown}", 1 rejected`)
  expect(outputs[3]?.out).toContain(`b${shown}: `)
  expect(worker.output()).not.toMatch(acting)
})

test('JSON and CSV are exact', async () => {
  const { rejects } = JSON.parse((await run('rejects', 'evil', '--json')).out)
  expect(rejects).toMatchObject([{ column: `b${evil}`, raw: `2,"x${evil}"` }])
  const csv = (await sluice(['rejects', 'evil', '--csv'], { env })).out
  expect(csv).toContain(evil)
})

test('a text is shown as it is but for what acts', () => {
  expect(visibleText('é 日本 👩‍👧 \u00a0 "quoted"')).toBe('é 日本 👩‍👧 \u00a0 "quoted"')
  expect(visibleText('a\tb\r\nc\x1b[0m')).toBe('a\\tb\\r\\nc\\x1b[0m')
  expect(visibleLines('a\nb\x07')).toBe('a\nb\\x07')
  expect(visible({ 'a\x1b': ['\x9b', 1, null] })).toEqual({ 'a\\x1b': ['\\x9b', 1, null] })
  const value = { text: 'a\x9b\x7f\u2028\n' }
  expect(toJson(value, 2)).not.toMatch(/[\x7f-\x9f\u2028]/)
  expect(JSON.parse(toJson(value, 2))).toEqual(value)
})

test('no colours and no bar where they are not wanted', () => {
  expect(wantsPlain({})).toBe(false)
  expect(wantsPlain({ NO_COLOR: '1' })).toBe(true)
  expect(wantsPlain({ TERM: 'dumb' })).toBe(true)
  expect(wantsPlain({ NO_COLOR: '', TERM: 'xterm' })).toBe(false)
  expect(forcesColour({ FORCE_COLOR: '1' })).toBe(true)
  expect(forcesColour({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false)
})
