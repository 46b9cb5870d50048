/** A stage in S3: what it holds in memory, what it refuses, and what processes leave that were killed. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Bucket } from '../../src/stage/s3/bucket.ts'
import { PartWriter, Sending } from '../../src/stage/s3/partWriter.ts'
import { removeLeft } from '../../src/stage/s3/scratch.ts'
import { stageIn } from '../ingest/stageInS3.ts'
import { type FakeOptions, startFakeS3 } from '../s3/fakeS3.ts'
import { all, bytes, long } from './bytes.ts'
import { stateOf } from './conformance.ts'

const mib = 1024 * 1024

test('many files at once share what is held: parts are sent before they are full', async () => {
  const sizes: number[] = []
  const bucket = {
    async put(_: string, part: Buffer) {
      sizes.push(part.length)
      await sleep(1)
      return '"e"'
    },
  } as unknown as Bucket
  const sending = new Sending()
  const chunk = Buffer.alloc(mib / 2)
  let most = 0
  const write = async (no: number) => {
    const writer = new PartWriter({ bucket, sending, base: `${no}/`, file: 'f' })
    for (let n = 0; n < 12; n++) {
      await writer.add(chunk)
      most = Math.max(most, sending.heldBytes)
    }
    return writer.end()
  }
  const written = await Promise.all(Array.from({ length: 40 }, (_, no) => write(no)))
  for (const parts of written) {
    expect(parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(6 * mib)
  }
  // Without a bound, nothing would be sent before the end: 240 MiB.
  expect(most).toBeLessThan(64 * mib + 40 * 1.5 * mib)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(8 * mib)
  expect(sending.heldBytes).toBe(0)
})

async function stageOf(options: FakeOptions) {
  const store = await startFakeS3(options)
  onTestFinished(store.close)
  return { store, stage: stageIn(store.endpoint).stage }
}

const file = { ingestId: 'one', fileNo: 0 }

test.for([
  [{ status: 507, code: '' }, 'stage_full'],
  [{ status: 403, code: 'QuotaExceeded' }, 'stage_full'],
  [{ status: 404, code: 'NoSuchBucket' }, 'stage_refused'],
  [{ status: 403, code: '' }, 'stage_refused'],
  [{ status: 400, code: 'EntityTooLarge' }, 'stage_refused'],
] as const)('a store that answers %j is %s', async ([answer, code]) => {
  const { stage } = await stageOf({ before: () => ({ ...answer, message: 'hush' }) })
  const failing = stage.put(file, bytes('a'), () => {})
  await expect(failing).rejects.toMatchObject({ code })
  await expect(failing).rejects.not.toThrow(/hush|AKID/)
  await expect(failing).rejects.toMatchObject({ hint: expect.not.stringMatching(/hush|AKID/) })
})

test('a store that tells no ETag is none for a stage', async () => {
  const { stage } = await stageOf({ tellsNoETag: true })
  await expect(stage.claim('ledger')).rejects.toMatchObject({
    code: 'stage_refused',
    message: expect.stringContaining('tells no ETag'),
  })
})

test('a request that fails once is sent again, and nothing is written twice', async () => {
  let failures = 0
  const { store, stage } = await stageOf({
    before: ({ method }, count) => {
      if (method !== 'PUT' || count % 2 === 1) return null
      failures++
      return { status: 503, code: 'SlowDown' }
    },
  })
  const staged = await stage.put(file, bytes(long), () => {})
  const read = await all(stage.read(stateOf(file, staged), { start: 0, end: long.length }))
  expect(read.equals(long)).toBe(true)
  expect(failures).toBeGreaterThan(0)
  expect(store.keys()).toHaveLength(4)
})

test('a list of parts that somebody changed is told, and so is another stage', async () => {
  const { store, stage } = await stageOf({})
  const staged = await stage.put(file, bytes(long), () => {})
  const state = stateOf(file, staged)
  const read = (version: string) =>
    all(stage.read({ ...state, stagedVersion: version }, { start: 0, end: 1 }))
  const list = store.keys().find((key) => key.endsWith('parts.json')) as string
  store.put(list, '[]')
  const damaged = { code: 'staged_file_damaged' }
  await expect(read(staged.version)).rejects.toMatchObject(damaged)
  store.remove(list)
  await expect(read(staged.version)).rejects.toMatchObject(damaged)
  await expect(read('10067985-1795867150067617454')).rejects.toMatchObject({
    ...damaged,
    message: expect.stringContaining('another stage'),
  })
})

test('scratch folders of processes that are no more are removed, and no others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-scratch-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const host = hostname().replace(/[^A-Za-z0-9.]/g, '_')
  // No process has so high a number.
  const left = `sluice-scratch-${host}-99999999-a`
  const kept = [`sluice-scratch-${host}-${process.ppid}-b`, 'sluice-scratch-elsewhere-99999999-c']
  for (const name of [left, ...kept, 'other']) await mkdir(join(folder, name))
  await removeLeft(folder)
  expect((await readdir(folder)).sort()).toEqual([...kept, 'other'].sort())
})
