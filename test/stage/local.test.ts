/** A staged file is there whole or not at all, and never changes. */
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { listFile, openFile } from '../../src/io/localFile.ts'
import { localStage } from '../../src/stage/local.ts'
import { readUpload } from '../../src/stage/readUpload.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-stage-'))
const stage = localStage(folder)
const file = { ingestId: 'one', fileNo: 0 }

async function* bytes(...parts: string[]) {
  for (const part of parts) yield Buffer.from(part)
}

test('a second attempt to stage a file leaves the first copy where it is', async () => {
  const first = await stage.put(file, bytes('a\n', '1\n'), () => {})
  const second = await stage.put(file, bytes('a\n1\n'), () => {})
  expect(second).toEqual(first)
  expect(first).toMatchObject({ sizeBytes: 4, version: expect.stringMatching(/^\d+-\d+$/) })
})

test('a local file of many chunks is copied byte for byte', async () => {
  const content = Buffer.from(
    Array.from({ length: 5_000_001 }, (_, n) => (n * 31 + (n >> 8)) % 251),
  )
  const path = join(folder, 'many.csv')
  await writeFile(path, content)
  const listed = await listFile(path, path)
  const tapped = createHash('sha256')
  const opened = await openFile(path, listed, new AbortController().signal)
  const copy = { ingestId: 'copy', fileNo: 0 }
  const staged = await stage.put(copy, opened.read(), (chunk) => tapped.update(chunk))
  await opened.close()
  const sha256 = createHash('sha256').update(content).digest('hex')
  expect(staged).toMatchObject({ sizeBytes: content.length })
  expect(tapped.digest('hex')).toBe(sha256)
  // toEqual would compare property by property, which takes minutes for so many bytes.
  expect((await readFile(join(folder, 'ingests/copy/0'))).equals(content)).toBe(true)
})

test('an attempt that fails on the way leaves nothing', async () => {
  const failing = async function* () {
    yield Buffer.from('a\n')
    throw new Error('cut short')
  }
  const put = stage.put({ ingestId: 'two', fileNo: 0 }, failing(), () => {})
  await expect(put).rejects.toThrow('cut short')
  expect(await readdir(join(folder, 'ingests/two'))).toEqual([])
})

test('an upload of the same name takes the place of the first; old ones expire', async () => {
  await stage.uploads.put('up.csv', bytes('old'))
  const sha256 = createHash('sha256').update('new').digest('hex')
  expect(await stage.uploads.put('up.csv', bytes('new'))).toMatchObject({ sizeBytes: 3, sha256 })
  expect(await textOf('up.csv')).toBe('new')
  expect(await stage.uploads.expire(60_000)).toBe(0)
  expect(await stage.uploads.expire(-1000)).toBe(1)
  expect(await stage.uploads.remove('up.csv')).toBe(false)
  await expect(textOf('up.csv')).rejects.toMatchObject({ code: 'upload_not_found' })
})

async function textOf(name: string): Promise<string> {
  const chunks: string[] = []
  for await (const chunk of readUpload(stage.uploads, name)) chunks.push(chunk.toString())
  return chunks.join('')
}

afterAll(() => rm(folder, { recursive: true, force: true }))
