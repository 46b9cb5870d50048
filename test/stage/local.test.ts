/** A stage in a folder: as every stage, and what only a folder can do. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { listFile } from '../../src/io/localFile.ts'
import { localStage } from '../../src/stage/local.ts'
import { all, bytes } from './bytes.ts'
import { conformsAsStage, stateOf } from './conformance.ts'
import type { StageUnderTest } from './underTest.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-stage-'))
const stage = localStage(folder)
const pathOf = (ingestId: string, name: string) => join(folder, 'ingests', ingestId, name)

const underTest: StageUnderTest = {
  open: (options) => localStage(folder, options),
  left: (ingestId) => readdir(join(folder, 'ingests', ingestId)).catch(() => []),
  async overwrite(ingestId, name) {
    const before = await readFile(pathOf(ingestId, name))
    await writeFile(pathOf(ingestId, name), Buffer.alloc(before.length, 'x'))
  },
  remove: (ingestId, name) => rm(pathOf(ingestId, name)),
}

conformsAsStage('a stage in a folder', async () => underTest)

test('a local file is linked, not copied, and one that was written to is told', async () => {
  const path = join(folder, 'pinned.csv')
  await writeFile(path, 'a\n1\n')
  const listed = await listFile(path, path)
  const file = { ingestId: 'pinned', fileNo: 0 }
  expect([await stage.pin(file, path), await stage.pin(file, path)]).toEqual([true, true])
  const state = { ...stateOf(file, listed), pinned: true }
  expect(await stage.local(state)).toBe(pathOf('pinned', '0'))
  expect(`${await all(stage.read(state, { start: 0, end: 4 }))}`).toBe('a\n1\n')
  await writeFile(path, 'b\n2\n')
  const read = all(stage.read(state, { start: 0, end: 4 }))
  await expect(read).rejects.toMatchObject({ code: 'file_changed' })
})

test('a second attempt has the version of the first: it is the same copy', async () => {
  const file = { ingestId: 'one', fileNo: 0 }
  const first = await stage.put(file, bytes('a\n'), () => {})
  expect(await stage.put(file, bytes('a\n'), () => {})).toEqual(first)
})

afterAll(() => rm(folder, { recursive: true, force: true }))
