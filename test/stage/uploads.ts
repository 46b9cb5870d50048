/** What the uploads of every kind of stage must keep to. */
import { expect, test } from 'vitest'
import { readUpload } from '../../src/stage/readUpload.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { all, bytes, failing, long, reused, sha256 } from './bytes.ts'
import type { StageUnderTest } from './underTest.ts'

const { signal } = new AbortController()

const textOf = async ({ uploads }: Stage, name: string) => `${await all(readUpload(uploads, name))}`

export function wholeUploads(started: () => Promise<StageUnderTest>): void {
  test('an upload of the same name takes the place of the first', async () => {
    const there = await started()
    const stage = there.open()
    const { uploads } = stage
    const name = 'up (1)+@=,-_.csv'
    expect(await uploads.stat(name)).toBeNull()
    expect(await uploads.progress(name)).toBeNull()
    const first = await uploads.put(name, bytes('old'))
    expect(first).toMatchObject({ sizeBytes: 3, sha256: sha256('old') })
    const opened = await uploads.open({ name, ...first }, signal)
    expect(`${await all(opened.read({ start: 1, end: 3 }))}`).toBe('ld')
    await opened.close()
    const second = await uploads.put(name, bytes('n', 'ew'))
    expect(second.version).not.toBe(first.version)
    expect(await textOf(there.open(), name)).toBe('new')
    expect(await uploads.stat(name)).toMatchObject({ sizeBytes: 3, version: second.version })
    expect(await uploads.sha256({ name, version: second.version })).toBe(sha256('new'))
    expect(await uploads.sha256({ name, version: first.version })).toBeNull()
    await expect(uploads.open({ name, ...first }, signal)).rejects.toMatchObject({
      code: 'file_changed',
      message: expect.stringContaining(name),
    })
    expect(await uploads.remove(name)).toBe(true)
    expect(await uploads.remove(name)).toBe(false)
    await expect(uploads.open({ name, ...second }, signal)).rejects.toMatchObject({
      code: 'file_vanished',
    })
  })

  test('nothing is kept of an upload that is cut short or hashes to something else', async () => {
    const { uploads } = (await started()).open()
    await expect(uploads.put('cut.csv', failing('half'))).rejects.toThrow('cut short')
    const wrong = uploads.put('cut.csv', bytes('a'), { sha256: sha256('b') })
    await expect(wrong).rejects.toMatchObject({ code: 'upload_checksum_differs' })
    expect(await uploads.progress('cut.csv')).toBeNull()
    expect(await uploads.put('cut.csv', bytes('b'), { sha256: sha256('b') })).toBeTruthy()
  })

  test('clients send no more than they may', async () => {
    const there = await started()
    const { uploads } = there.open({ uploads: { eachMax: 3, allMax: 1e12 } })
    await uploads.put('limit-1.csv', bytes('abc'))
    await expect(uploads.put('limit-2.csv', bytes('ab', 'cd'))).rejects.toMatchObject({
      code: 'upload_too_large',
    })
    await uploads.add('limit-2.csv', { offset: 0, bytes: bytes('ab'), isLast: false })
    const more = uploads.add('limit-2.csv', { offset: 2, bytes: bytes('cd'), isLast: true })
    await expect(more).rejects.toMatchObject({ code: 'upload_too_large' })
    const full = there.open({ uploads: { eachMax: 1e12, allMax: 4 } }).uploads
    await expect(full.put('limit-3.csv', bytes('abcd'))).rejects.toMatchObject({
      code: 'uploads_full',
    })
  })

  test('old uploads go, and parts of such', async () => {
    const stage = (await started()).open()
    const { uploads } = stage
    await uploads.put('old.csv', bytes('a'))
    await uploads.add('half.csv', { offset: 0, bytes: bytes('a'), isLast: false })
    await uploads.expire(60_000)
    expect(await textOf(stage, 'old.csv')).toBe('a')
    expect(await uploads.expire(-60_000)).toBeGreaterThanOrEqual(2)
    expect(await uploads.stat('old.csv')).toBeNull()
    expect(await uploads.progress('half.csv')).toBeNull()
    expect(await uploads.expire(-60_000)).toBe(0)
  })

  test('an abort ends the reading of an upload', async () => {
    const { uploads } = (await started()).open()
    const put = await uploads.put('abort.csv', bytes(long))
    const stop = new AbortController()
    const opened = await uploads.open({ name: 'abort.csv', ...put }, stop.signal)
    const reading = (async () => {
      for await (const _ of opened.read()) stop.abort(new Error('called off'))
    })()
    await expect(reading).rejects.toThrow('called off')
    await opened.close()
  })
}

export function partialUploads(started: () => Promise<StageUnderTest>): void {
  test('parts make one upload, also by another process, which is none before the last is in', async () => {
    const there = await started()
    const [one, other] = [there.open(), there.open()]
    const name = 'parts.csv'
    const content = long.subarray(0, 9_000_000)
    const [first, second] = [content.subarray(0, 100), content.subarray(100, 8_999_999)]
    const last = content.subarray(8_999_999)
    const more = { isComplete: false, sha256: null }
    expect(await one.uploads.add(name, { offset: 0, bytes: bytes(first), isLast: false })).toEqual({
      sizeBytes: 100,
      ...more,
    })
    expect(await other.uploads.progress(name)).toEqual({ sizeBytes: 100, ...more })
    const wrong = other.uploads.add(name, { offset: 99, bytes: bytes(second), isLast: false })
    await expect(wrong).rejects.toMatchObject({ code: 'upload_offset_differs' })
    await other.uploads.add(name, { offset: 100, bytes: reused(second, 700_001), isLast: false })
    expect(await one.uploads.stat(name)).toBeNull()
    const whole = { sizeBytes: content.length, isComplete: true, sha256: sha256(content) }
    const end = { offset: 8_999_999, bytes: bytes(last), isLast: true }
    expect(await one.uploads.add(name, { ...end, sha256: whole.sha256 })).toEqual(whole)
    expect(await other.uploads.progress(name)).toEqual(whole)
    expect(sha256(await all(readUpload(other.uploads, name)))).toBe(whole.sha256)
    const late = one.uploads.add(name, { offset: 100, bytes: bytes(second), isLast: false })
    await expect(late).rejects.toMatchObject({ code: 'upload_not_found' })
    // A later one begins anew, and the upload is there until it is whole.
    await other.uploads.add(name, { offset: 0, bytes: bytes('a'), isLast: false })
    expect(await one.uploads.stat(name)).toMatchObject({ sizeBytes: content.length })
    await one.uploads.add(name, { offset: 1, bytes: bytes('b'), isLast: true })
    expect(await textOf(other, name)).toBe('ab')
  })

  test('what has arrived of a part that is cut short stays', async () => {
    const there = await started()
    const { uploads } = there.open()
    const cut = uploads.add('short.csv', { offset: 0, bytes: failing('ab', 'c'), isLast: true })
    await expect(cut).rejects.toThrow('cut short')
    const found = await there.open().uploads.progress('short.csv')
    expect(found).toEqual({ sizeBytes: 3, isComplete: false, sha256: null })
    await there.open().uploads.add('short.csv', { offset: 3, bytes: bytes('d'), isLast: true })
    expect(await textOf(there.open(), 'short.csv')).toBe('abcd')
  })

  test('nothing is left of parts that hash to something else, or that begin anew', async () => {
    const stage = (await started()).open()
    const { uploads } = stage
    await uploads.add('anew.csv', { offset: 0, bytes: bytes('wrong'), isLast: false })
    const last = { offset: 5, bytes: bytes('!'), isLast: true, sha256: sha256('right') }
    await expect(uploads.add('anew.csv', last)).rejects.toMatchObject({
      code: 'upload_checksum_differs',
    })
    expect(await uploads.progress('anew.csv')).toBeNull()
    await uploads.add('anew.csv', { offset: 0, bytes: bytes('longer'), isLast: false })
    await uploads.add('anew.csv', { offset: 0, bytes: bytes('new'), isLast: false })
    expect(await uploads.progress('anew.csv')).toMatchObject({ sizeBytes: 3 })
    await uploads.add('anew.csv', { offset: 3, bytes: bytes(), isLast: true })
    expect(await textOf(stage, 'anew.csv')).toBe('new')
    const nothing = { offset: 0, bytes: bytes(), isLast: false }
    await uploads.add('nothing.csv', nothing)
    expect(await uploads.progress('nothing.csv')).toMatchObject({ sizeBytes: 0, isComplete: false })
    await uploads.add('nothing.csv', { ...nothing, isLast: true })
    expect(await textOf(stage, 'nothing.csv')).toBe('')
  })

  test('a part that hangs is ended by the client that comes back', async () => {
    const { uploads } = (await started()).open()
    let hangs = () => {}
    const isHanging = new Promise<void>((resolve) => {
      hangs = resolve
    })
    const hanging = async function* () {
      yield Buffer.from('abc')
      hangs()
      await new Promise(() => {})
    }
    const first = uploads.add('hangs.csv', { offset: 0, bytes: hanging(), isLast: true })
    const ended = expect(first).rejects.toMatchObject({ code: 'upload_cut_short' })
    await isHanging
    expect(await uploads.progress('hangs.csv')).toMatchObject({ sizeBytes: 3, isComplete: false })
    await ended
  })
}
