/** What every kind of source must do. A kind calls it with a world that it can read. */
import { appendFile, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { OpenFile, Range } from '../../src/io/openFile.ts'
import type { Found, Source } from '../../src/sources/source.ts'
import { withMembers } from '../../src/sources/withMembers.ts'
import { zip } from '../zip.ts'
import { unpacking } from './unpacking.ts'

export interface World {
  kind: string
  /** A source that has the files of these names. */
  source(names: string[]): Source
  /** Makes a file that the source can find. */
  put(name: string, bytes: Buffer): Promise<void>
  /** Changes such a file behind the source. */
  change(name: string, change: Change): Promise<void>
  /** What a file of that name is called; its name if absent. */
  nameOf?(name: string): string
  /** Bytes that are written once more are the same file, and not one that changed. */
  knowsBytes?: true
  /** Names that a file of this kind may have, and that are easily got wrong. */
  oddNames: string[]
}

/** What may become of a file whose bytes lie at a path. */
const changes = {
  'that grows': (path: string) => appendFile(path, '1'),
  'that is cut short': (path: string) => truncate(path, 5000),
  'that is written anew': async (path: string) => writeFile(path, await readFile(path)),
  'that is replaced': async (path: string) => {
    await writeFile(`${path}.new`, await readFile(path))
    await rename(`${path}.new`, path)
  },
  'that vanishes': (path: string) => rm(path),
}
export type Change = keyof typeof changes

/** For a kind of source whose files lie at paths of this machine. */
export const changeAt = async (path: string, change: Change): Promise<void> => changes[change](path)

/** Small files are read at once, and large ones chunk by chunk. */
const sizes: [string, number][] = [
  ['small', 10_000],
  ['large', 5_000_000],
]

/** Bytes with no period of a power of two: a range from the wrong place has other ones. */
function bytesOf(sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes)
  for (let at = 0; at < sizeBytes; at++) bytes[at] = (at * 31 + (at >> 8)) % 251
  return bytes
}

const never = () => new AbortController().signal

async function listed(source: Source): Promise<Found[]> {
  const found: Found[] = []
  for await (const { head: _, ...file } of source.list(never())) found.push(file)
  return found.sort((a, b) => a.place - b.place || Buffer.compare(key(a), key(b)))
}

const key = ({ name }: Found): Buffer => Buffer.from(name)

/** A chunk is valid until the next one is asked for. */
async function read(opened: OpenFile, range?: Range): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of opened.read(range)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

async function contentOf(source: Source, file: Found): Promise<Buffer> {
  const opened = await source.open(file, never())
  return read(opened).finally(() => opened.close())
}

export function itIsASource(world: World): void {
  const { kind, put, change: changed } = world
  const sourceOf = (...names: string[]) => withMembers(world.source(names), unpacking)
  const only = async (source: Source): Promise<Found> => {
    const [file, ...others] = await listed(source)
    expect(others).toEqual([])
    return file as Found
  }

  test(`${kind}: listed twice it has the same files, with their sizes`, async () => {
    const names = ['twice-b.csv', 'twice-a.csv', 'twice-c.csv']
    for (const [index, name] of names.entries()) await put(name, bytesOf(10 + index))
    const source = sourceOf(...names)
    const first = await listed(source)
    expect(await listed(source)).toEqual(first)
    expect(await listed(sourceOf(...names))).toEqual(first)
    expect(first.map(({ sizeBytes }) => sizeBytes).sort()).toEqual([10, 11, 12])
    expect(new Set(first.map(({ version }) => version)).size).toBe(3)
  })

  test.each([['empty', 0], ...sizes])(
    `${kind}: a file that is %s is read whole`,
    async (what, size) => {
      const name = `whole-${what}.csv`
      const content = bytesOf(size)
      await put(name, content)
      const source = sourceOf(name)
      const file = await only(source)
      expect(file.sizeBytes).toBe(size)
      const opened = await source.open(file, never())
      expect((await read(opened)).equals(content)).toBe(true)
      // The stage may link to it instead.
      if (opened.link !== null) expect((await readFile(opened.link)).equals(content)).toBe(true)
      await opened.close()
    },
  )

  test.each(sizes)(
    `${kind}: any range of a %s file is read, and in any order`,
    async (what, size) => {
      const name = `ranges-${what}.csv`
      const content = bytesOf(size)
      await put(name, content)
      const source = sourceOf(name)
      const opened = await source.open(await only(source), never())
      expect(opened.ranges).toBe(true)
      const ranges = [
        [size - 10, size],
        [0, 4],
        [size / 2, size / 2 + 3000],
        [0, size],
        [7, 7],
        [0, 4],
      ] as const
      for (const [start, end] of ranges) {
        expect((await read(opened, { start, end })).equals(content.subarray(start, end))).toBe(true)
      }
      await opened.close()
    },
  )

  test.each(world.oddNames.map((name) => [name]))(
    `${kind}: a file may be called %j`,
    async (name) => {
      await put(name, Buffer.from('a\n1\n'))
      const source = sourceOf(name)
      const file = await only(source)
      expect(file.name.endsWith(world.nameOf?.(name) ?? name)).toBe(true)
      expect(`${await contentOf(source, file)}`).toBe('a\n1\n')
    },
  )

  const told = (Object.keys(changes) as Change[]).filter(
    (change) =>
      !(world.knowsBytes && ['that is written anew', 'that is replaced'].includes(change)),
  )
  const cases = sizes.flatMap(([what, size]) => told.map((change) => ({ what, size, change })))
  const changedOrGone = { code: expect.stringMatching(/^file_(changed|vanished)$/) }

  test.each(cases)(
    `${kind}: a $what file $change after it was listed is an error with its name`,
    async ({ what, size, change }) => {
      const name = `changed-${what}.csv`
      await put(name, bytesOf(size))
      const source = sourceOf(name)
      const file = await only(source)
      await changed(name, change)
      const failing = contentOf(source, file)
      const code = change === 'that vanishes' ? 'file_vanished' : 'file_changed'
      await expect(failing).rejects.toMatchObject({ code })
      await expect(failing).rejects.toThrow(file.name)
    },
  )

  test.each(told)(
    `${kind}: a file %s while it is read is an error with its name`,
    async (change) => {
      const name = 'while.csv'
      await put(name, bytesOf(5_000_000))
      const source = sourceOf(name)
      const file = await only(source)
      const opened = await source.open(file, never())
      const reading = async () => {
        let chunks = 0
        for await (const _ of opened.read()) if (chunks++ === 0) await changed(name, change)
      }
      const error = await reading().catch((thrown) => thrown)
      await opened.close()
      expect(error).toMatchObject(changedOrGone)
      expect(error.message).toContain(file.name)
    },
  )

  test(`${kind}: the members of an archive are files of their own`, async () => {
    const members = {
      'a.csv': 'a\n1\n',
      'in/b.csv': `${bytesOf(200_000).toString('hex')}\n`,
      e: '',
    }
    for (const compress of [true, false]) {
      const name = `archive-${compress}.zip`
      await put(name, await zip(members, { compress }))
      const source = sourceOf(name)
      const files = await listed(source)
      expect(await listed(source)).toEqual(files)
      expect(files.map(({ member }) => member)).toEqual(Object.keys(members).sort())
      for (const file of files) {
        const content = members[file.member as keyof typeof members]
        expect(file.name.endsWith(`${name}/${file.member}`)).toBe(true)
        expect(file.sizeBytes).toBe(content.length)
        expect(`${await contentOf(source, file)}` === content).toBe(true)
      }
      const opened = await source.open(files[0] as Found, never())
      expect(opened).toMatchObject({ link: null, packing: 'zip' })
      await opened.close()
    }
  })

  test(`${kind}: an archive that changed after it was listed is an error with its name`, async () => {
    const name = 'changed.zip'
    await put(name, await zip({ 'a.csv': 'a\n1\n' }))
    const source = sourceOf(name)
    const file = await only(source)
    await changed(name, 'that grows')
    const failing = contentOf(source, file)
    await expect(failing).rejects.toMatchObject({ code: 'file_changed' })
    await expect(failing).rejects.toThrow(name)
  })

  test(`${kind}: an archive that changes between the look at it and its list is told too`, async () => {
    const name = 'changing.zip'
    await put(name, await zip({ 'a.csv': 'a\n1\n' }))
    const source = world.source([name])
    const open: Source['open'] = async (file, signal) => {
      await changed(name, 'that grows')
      return source.open(file, signal)
    }
    const failing = listed(withMembers({ ...source, open }, unpacking))
    await expect(failing).rejects.toMatchObject({ code: 'file_changed' })
    await expect(failing).rejects.toThrow(name)
  })

  test(`${kind}: an abort ends the list, the opening and the reading`, async () => {
    const names = Array.from({ length: 50 }, (_, index) => `abort-${index}.csv`)
    for (const name of names) await put(name, bytesOf(100))
    const listing = new AbortController()
    const list = async () => {
      for await (const _ of sourceOf(...names).list(listing.signal)) listing.abort()
    }
    await expect(soon(list())).rejects.toMatchObject({ name: 'AbortError' })

    await put('abort.csv', bytesOf(20_000_000))
    const source = sourceOf('abort.csv')
    const file = await only(source)
    const aborted = { name: 'AbortError' }
    await expect(soon(source.open(file, AbortSignal.abort()))).rejects.toMatchObject(aborted)
    const reading = new AbortController()
    const opened = await source.open(file, reading.signal)
    let bytes = 0
    const all = async () => {
      for await (const chunk of opened.read()) {
        bytes += chunk.length
        reading.abort()
      }
    }
    await expect(soon(all())).rejects.toMatchObject(aborted)
    expect(bytes).toBeLessThan(20_000_000)
    await opened.close()
  })
}

/** What an abort ends must end within a second. */
const soon = <T>(work: Promise<T>): Promise<T> =>
  Promise.race([
    work,
    sleep(1000, undefined, { ref: false }).then(() => {
      throw new Error('it did not end within a second')
    }),
  ])
