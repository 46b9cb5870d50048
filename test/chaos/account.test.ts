/** What chaos counts on: an account that does not add up is told, whatever is wrong with it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { checkCounts, checkLeft, checkStage, checkTarget } from '../../chaos/account.ts'
import { dismiss } from '../../chaos/cell.ts'
import { decide } from '../../chaos/decide.ts'
import { seeded } from '../../chaos/random.ts'
import { writeSource } from '../../chaos/rows.ts'
import { openScene } from '../../chaos/scene.ts'
import { testGround } from './ground.ts'

const ground = await testGround()

test('what is there twice, missing, or left behind is a problem', async () => {
  const scene = await openScene(ground, 'account')
  const { db, folder, stageDir } = scene
  const order = { files: 2, rows: 30, bad: 2, broken: 1, firstId: 5 }
  const crop = await writeSource({ ...order, folder: join(folder, 'source') })
  expect(crop).toMatchObject({ good: 60, rejects: 6 })
  await db.query('create table target (id integer, name text, amount numeric)')
  await scene.startWorker()
  const source = { kind: 'directory' as const, path: crop.path }
  const view = await scene.ended(await scene.start({ source, target: { table: 'target' } }))
  const account = { view, crop, expected: { state: 'completed' } as const }

  const all = async () => [
    ...(await checkCounts(scene, account)),
    ...(await checkTarget(scene, 'target', [crop])),
    ...(await checkStage(stageDir)),
  ]
  expect(await all()).toEqual([])
  await db.query('insert into target select * from target where id = 7')
  expect(await all()).toEqual(['target: rows: 61, not 60', 'target: sum of ids: 2077, not 2070'])
  await db.query('delete from target where id = 7; insert into target values (8), (6)')
  expect(await all()).toEqual([
    'target: rows: 61, not 60',
    'target: distinct ids: 59, not 60',
    'target: sum of ids: 2077, not 2070',
  ])
  await db.query(
    'truncate target; update sluice.units set rows_read = rows_read - 1, rows_loaded = rows_loaded - 1 where unit_no = 1',
  )
  await db.query('delete from sluice.rejects where line = (select max(line) from sluice.rejects)')
  expect((await all()).length).toBeGreaterThan(4)
  expect(await checkTarget(scene, 'nowhere', [crop])).toEqual(['there is no table nowhere'])
  expect(await checkTarget(scene, 'target', null)).toEqual(['the table target is there'])
  const failed = { ...account, expected: { state: 'failed', code: 'target_refused' } as const }
  expect(await checkCounts(scene, failed)).toContain('state: completed, not failed')

  expect(await dismiss(scene)).toEqual([])
  expect(await checkLeft(scene)).toEqual([])
  await mkdir(join(stageDir, 'ingests/left'), { recursive: true })
  await writeFile(join(folder, 'more'), '')
  await db.query('create table sluice_landing_0 ()')
  const name = 'sluice/0/load 1/2'
  const session = new pg.Client({ connectionString: scene.url, application_name: name })
  await session.connect()
  await session.query('begin; lock table target')
  await scene.startWorker()
  expect(await checkStage(stageDir, 100)).toEqual(['left in the stage: ingests/left'])
  const left = await checkLeft(scene, 100)
  expect(left).toHaveLength(3)
  expect(left[0]).toMatch(/sluice_landing_0.*sluice\/0\/load 1\/2.*locks/)
  expect(left[1]).toBe(`left running: ${scene.workers.at(-1)?.pid}`)
  expect(left[2]).toBe('left in its folder: more')
  await session.end()
  await scene.close()
})

test('the same seed makes the same decisions, in the same order', () => {
  const rounds = (seed: number) => {
    const random = seeded(seed)
    return Array.from({ length: 50 }, () => decide(random))
  }
  expect(rounds(7)).toEqual(rounds(7))
  expect(rounds(8)).not.toEqual(rounds(7))
  const kinds = new Set(rounds(7).flatMap(({ faults }) => faults.map(({ kind }) => kind)))
  expect(kinds.size).toBe(8)
})
