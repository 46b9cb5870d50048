/** What every kind of stage must keep to: staged files, and what an ingest has there. */
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { localCopy } from '../../src/stage/localCopy.ts'
import type { Staged, StagedFile } from '../../src/stage/stage.ts'
import { all, bytes, failing, long, reused, sha256 } from './bytes.ts'
import type { StageUnderTest } from './underTest.ts'
import { partialUploads, wholeUploads } from './uploads.ts'

const { signal } = new AbortController()
const noTap = () => {}

export const stateOf = (file: StagedFile, { sizeBytes, version }: Staged) => ({
  ...file,
  name: 'trips.csv',
  sizeBytes,
  pinned: false,
  stagedVersion: version,
})

export function conformsAsStage(name: string, started: () => Promise<StageUnderTest>): void {
  describe(name, () => {
    stagedFiles(started)
    ingests(started)
    wholeUploads(started)
    partialUploads(started)
  })
}

function stagedFiles(started: () => Promise<StageUnderTest>): void {
  test('a staged file is read as it was staged, by any range', async () => {
    const stage = (await started()).open()
    const file = { ingestId: 'ranges', fileNo: 0 }
    const tapped = createHash('sha256')
    const staged = await stage.put(file, reused(long, 1_000_003), (chunk) => tapped.update(chunk))
    expect(staged.sizeBytes).toBe(long.length)
    expect(tapped.digest('hex')).toBe(sha256(long))
    const state = stateOf(file, staged)
    const part = 8 * 1024 * 1024
    const ranges = [
      [0, long.length],
      [0, 1],
      [part - 1, part + 1],
      [part, 2 * part],
      [part - 5_000_000, 2 * part + 7],
      [long.length - 1, long.length],
      [5, 5],
    ] as const
    for (const [start, end] of ranges) {
      const read = await all(stage.read(state, { start, end }))
      expect(read.equals(long.subarray(start, end)), `${start}-${end}`).toBe(true)
    }
    // Whoever has enough may leave.
    for await (const chunk of stage.read(state, { start: 3, end: long.length })) {
      expect(chunk[0]).toBe(long[3])
      break
    }
  })

  test('an empty file is one, too', async () => {
    const stage = (await started()).open()
    const file = { ingestId: 'empty', fileNo: 0 }
    const staged = await stage.put(file, bytes(), noTap)
    expect(staged.sizeBytes).toBe(0)
    expect(await all(stage.read(stateOf(file, staged), { start: 0, end: 0 }))).toHaveLength(0)
  })

  test('a second attempt to stage a file leaves the first copy as it is', async () => {
    const stage = (await started()).open()
    const file = { ingestId: 'twice', fileNo: 0 }
    const first = await stage.put(file, bytes('a\n', '1\n'), noTap)
    const second = await stage.put(file, bytes('a\n1\n'), noTap)
    for (const staged of [first, second]) {
      const read = await all(stage.read(stateOf(file, staged), { start: 0, end: 4 }))
      expect(`${read}`).toBe('a\n1\n')
    }
  })

  test.each([
    ['small', Buffer.from('a\n')],
    ['long', long],
  ])('an attempt that fails with a %s file leaves nothing', async (id, content) => {
    const there = await started()
    const ingestId = `fails-${id}`
    const put = there.open().put({ ingestId, fileNo: 0 }, failing(content), noTap)
    await expect(put).rejects.toThrow('cut short')
    expect(await there.left(ingestId)).toEqual([])
  })

  test('a staged file that somebody changed or removed is told by its name', async () => {
    const there = await started()
    const stage = there.open()
    for (const [ingestId, content] of [
      ['changed', Buffer.from('a\n1\n')],
      ['longer', long],
    ] as const) {
      const file = { ingestId, fileNo: 0 }
      const state = stateOf(file, await stage.put(file, bytes(content), noTap))
      const read = () => all(stage.read(state, { start: 0, end: content.length }))
      const [first] = await there.left(ingestId)
      const damaged = { code: 'staged_file_damaged', message: expect.stringContaining('trips.csv') }
      await there.overwrite(ingestId, first as string)
      await expect(read()).rejects.toMatchObject(damaged)
      await there.remove(ingestId, first as string)
      await expect(read()).rejects.toMatchObject(damaged)
    }
  })

  test('what a step made is taken in, and can be removed alone', async () => {
    const there = await started()
    const stage = there.open()
    const ingestId = 'steps'
    const { path, remove } = await stage.scratch(ingestId)
    expect(await readdir(path)).toEqual([])
    const file = { ingestId, fileNo: 0, stagedAs: '0.0.one' }
    const kept = { ingestId, fileNo: 0, stagedAs: '0.0.one-more' }
    const made = join(path, 'made.csv')
    await writeFile(made, 'b\n2\n')
    const staged = await stage.adopt(file, made)
    expect(staged).toMatchObject({ sizeBytes: 4, sha256: sha256('b\n2\n') })
    const other = await stage.put(kept, bytes('c\n'), noTap)
    const copy = await localCopy(stage, stateOf(file, staged), join(path, 'copy'))
    expect(await readFile(copy.path, 'utf8')).toBe('b\n2\n')
    await copy.remove()
    await stage.remove(file)
    const read = all(stage.read(stateOf(file, staged), { start: 0, end: 4 }))
    await expect(read).rejects.toMatchObject({ code: 'staged_file_damaged' })
    expect(`${await all(stage.read(stateOf(kept, other), { start: 0, end: 2 }))}`).toBe('c\n')
    await remove()
    await expect(readdir(path)).rejects.toThrow('ENOENT')
  })
}

function ingests(started: () => Promise<StageUnderTest>): void {
  test('what is unpacked is kept whole or not at all, and once', async () => {
    const there = await started()
    const spool = there.open().spool('spool')
    await expect(spool.put('key', failing('half'))).rejects.toThrow('cut short')
    expect(await spool.open('key', 'a.tar', signal)).toBeNull()
    await spool.put('key', bytes('whole'))
    await spool.put('key', bytes('whole'))
    const kept = await there.open().spool('spool').open('key', 'a.tar', signal)
    expect(kept?.sizeBytes).toBe(5)
    const { opened } = kept as NonNullable<typeof kept>
    expect(opened.ranges).toBe(true)
    expect(`${await all(opened.read())}`).toBe('whole')
    expect(`${await all(opened.read({ start: 1, end: 3 }))}`).toBe('ho')
    await opened.close()
  })

  test('all of an ingest is removed, and nothing of another one', async () => {
    const there = await started()
    const stage = there.open()
    await stage.clear('gone')
    const file = { ingestId: 'gone', fileNo: 0 }
    await stage.put(file, bytes('a'), noTap)
    await stage.put({ ...file, fileNo: 1 }, bytes(long), noTap)
    await stage.spool('gone').put('key', bytes('b'))
    const other = { ingestId: 'gone.too', fileNo: 0 }
    const kept = stateOf(other, await stage.put(other, bytes('c'), noTap))
    await stage.clear('gone')
    expect(await there.left('gone')).toEqual([])
    expect(`${await all(stage.read(kept, { start: 0, end: 1 }))}`).toBe('c')
  })

  test('its ingests are found, and how long they have been quiet; ledgers count once', async () => {
    const stage = (await started()).open()
    await stage.put({ ingestId: 'found', fileNo: 0 }, bytes('a'), noTap)
    const folders = new Map<string, number>()
    for await (const { ingestId, quietMs } of stage.folders())
      folders.set(ingestId, await quietMs())
    expect(folders.has('found')).toBe(true)
    expect(Math.abs(folders.get('found') as number)).toBeLessThan(120_000)
    const before = await stage.claim('ledger-one')
    expect(await stage.claim('ledger-one')).toBe(before)
    expect(await stage.claim('ledger-two')).toBe(before + 1)
  })
}
