/** `sluice undo`: what it prints, what the ledger says then, and the id that can be used again. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { buildApi } from '../api/server.ts'
import { sluice } from './sluice.ts'

const api = await buildApi()
const env = { SLUICE_API: api.url, SLUICE_HOME: join(api.folder, 'none') }
/** One Temporal server serves all test files. */
const id = `${api.queue}-trips`
const run = (...args: string[]) => sluice(args, { env, cwd: api.folder })
const write = (name: string, text: string) => writeFile(join(api.folder, name), text)
const into = (file: string, ...args: string[]) =>
  run('ingest', file, '--queue', api.queue, '--into', 'trips', '--id', id, ...args)

beforeAll(() => api.startWorker())

test('dry run, undo, undo again, and the same id once more', async () => {
  await api.db.query('create table trips (id int primary key, n int)')
  await write('trips.csv', 'id,n\n1,1\n2,2\n3,3\n')
  await into('trips.csv', '--undo')
  expect((await run('status', id)).out).toMatch(
    /^undo +possible until .*: sluice undo t_\w+-trips$/m,
  )
  await api.db.query('update trips set n = 20 where id = 2')
  const kept = '1 kept as they are\n  id = 2: changed since\n'
  expect(await run('undo', id, '--dry-run')).toEqual({
    code: 0,
    out: `· ${id} would be undone: 2 rows removed, 0 restored, ${kept}`,
    error: '',
  })
  const out = `✓ ${id} undone: 2 rows removed, 0 restored, ${kept}`
  expect(await run('undo', id)).toEqual({ code: 0, out, error: '' })
  expect(await run('undo', id)).toEqual({ code: 0, out, error: '' })
  const status = await run('status', id)
  expect(status.out).toMatch(/^state +undone$/m)
  expect(status.out).toMatch(/^undo +2.*: 2 rows removed, 0 restored, 1 kept as they are$/m)
  expect((await run('list', '--state', 'undone')).out).toMatch(
    /^t_\w+-trips +undone +public.trips/m,
  )
  const again = await into('trips.csv', '--undo', '--max-rejects', '100%')
  expect(again.out).toContain('2 rows loaded into public.trips, 1 rejected')
  const { rows } = await api.db.query('select id, n from trips order by id')
  expect(rows.map((row) => Object.values(row).join())).toEqual(['1,1', '2,20', '3,3'])
  expect((await run('undo', id, '--json')).out).toContain('"rowsRemoved": 2')
  const { rows: times } = await api.db.query('select from sluice.undone')
  expect(times).toHaveLength(2)
})

test('what cannot be taken back says so, and what to do', async () => {
  const plainId = `${api.queue}-plain`
  await write('plain.csv', 'a\n1\n')
  await run('ingest', 'plain.csv', '--queue', api.queue, '--into', 'plain', '--id', plainId)
  const plain = await run('undo', plainId)
  expect([plain.code, plain.out]).toEqual([1, ''])
  expect(plain.error).toContain('plain cannot be taken back: it did not ask for that.')
  const alone = await run('ingest', 'plain.csv', '--into', 'plain', '--keep', '7d')
  expect([alone.code, alone.error]).toEqual([2, expect.stringMatching(/target.undo .*is not set/)])
  const week = await run('ingest', 'plain.csv', '--into', 'plain', '--undo', '--keep', 'week')
  expect(week.error).toContain('It must be hours or days, like 12h or 7d.')
  const none = await run('undo', 'none', '--json')
  expect(JSON.parse(none.error).error.code).toBe('ingest_not_found')
  const answer = await fetch(`${api.url}/v1/ingests/${plainId}/undo`)
  expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'undo_not_found' }])
})
