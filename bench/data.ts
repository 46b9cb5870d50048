/**
 * The rows that every contender loads: mixed types, the same bytes at every making.
 *
 * Fast to make: the middle and the end of a row come from lists of prime lengths, so that rows
 * repeat after 10^11 only, and each is put together from four strings.
 */
import { type FileHandle, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** With the types that Sluice finds; the bench makes everybody's table with them. */
export const columns = [
  ['id', 'bigint'],
  ['active', 'boolean'],
  ['amount', 'numeric'],
  ['score', 'numeric'],
  ['day', 'date'],
  ['created_at', 'timestamp'],
  ['updated_at', 'timestamptz'],
  ['ref', 'uuid'],
  ['attrs', 'jsonb'],
  ['name', 'text'],
  ['city', 'text'],
  ['note', 'text'],
  ['quantity', 'bigint'],
  ['parent_id', 'bigint'],
] as const

/** What must be in a table that every row was loaded into once. */
export interface Sums {
  rows: number
  ids: number
  quantities: number
  notes: number
}

export interface Rows {
  /** With a header. */
  path: string
  sizeBytes: number
  /** The same rows in 16 files of about one size, without headers. */
  slices: string[]
  sums: Sums
}

/** Change it with whatever changes the bytes. */
const version = 2
const sliceCount = 16
const rowsAtOnce = 10_000
const header = `${columns.map(([name]) => name).join(',')}\n`
const folder = join(import.meta.dirname, 'data')

interface Made {
  version: number
  /** By file name. */
  sizesBytes: Record<string, number>
  sums: Sums
}

/** Makes the files, unless they are there with the right sizes. */
export async function makeRows(rows: number, say: (line: string) => void): Promise<Rows> {
  const path = join(folder, `rows-${rows}.csv`)
  const slices = Array.from({ length: sliceCount }, (_, index) =>
    join(folder, `rows-${rows}.slice-${String(index).padStart(2, '0')}.csv`),
  )
  const record = join(folder, `rows-${rows}.json`)
  let made = await readMade(record, [path, ...slices])
  if (!made) {
    const startMs = performance.now()
    await mkdir(folder, { recursive: true })
    await rm(record, { force: true })
    made = await write(rows, path, slices)
    await writeFile(record, JSON.stringify(made))
    say(`made ${rows} rows in ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
  }
  return { path, slices, sizeBytes: made.sizesBytes[basename(path)] as number, sums: made.sums }
}

async function readMade(record: string, paths: string[]): Promise<Made | null> {
  const text = await readFile(record, 'utf8').catch(() => null)
  if (text === null) return null
  const made = JSON.parse(text) as Made
  for (const path of paths) {
    const size = await stat(path).then(
      (stats) => stats.size,
      () => -1,
    )
    if (made.version !== version || made.sizesBytes[basename(path)] !== size) return null
  }
  return made
}

/** Writes the whole and the slices side by side, and waits for the disk. */
async function write(rows: number, path: string, slices: string[]): Promise<Made> {
  const make = rowMaker()
  const sizesBytes: Record<string, number> = {}
  const whole = await open(path, 'w')
  try {
    let wholeBytes = await append(whole, Buffer.from(header))
    for (const [index, slicePath] of slices.entries()) {
      const slice = await open(slicePath, 'w')
      try {
        const end = Math.floor((rows * (index + 1)) / slices.length)
        let sliceBytes = 0
        for (let from = Math.floor((rows * index) / slices.length); from < end; ) {
          const to = Math.min(end, from + rowsAtOnce)
          const bytes = make.text(from, to)
          sliceBytes += await append(slice, bytes)
          await append(whole, bytes)
          from = to
        }
        await slice.sync()
        sizesBytes[basename(slicePath)] = sliceBytes
        wholeBytes += sliceBytes
      } finally {
        await slice.close()
      }
    }
    await whole.sync()
    sizesBytes[basename(path)] = wholeBytes
  } finally {
    await whole.close()
  }
  return { version, sizesBytes, sums: make.sums }
}

async function append(file: FileHandle, bytes: Buffer): Promise<number> {
  await file.writeFile(bytes)
  return bytes.length
}

/** Writes a file of at least so many bytes, without slices, and waits for the disk. */
export async function writeRows(path: string, bytesMin: number): Promise<Omit<Rows, 'slices'>> {
  const make = rowMaker()
  const file = await open(path, 'w')
  try {
    let sizeBytes = await append(file, Buffer.from(header))
    for (let from = 0; sizeBytes < bytesMin; from += rowsAtOnce) {
      sizeBytes += await append(file, make.text(from, from + rowsAtOnce))
    }
    await file.sync()
    return { path, sizeBytes, sums: make.sums }
  } finally {
    await file.close()
  }
}

/** Reads all of it once: from then on it comes from memory, for everybody. */
export async function warm({ path, slices }: Pick<Rows, 'path' | 'slices'>): Promise<void> {
  const buffer = Buffer.allocUnsafe(1 << 20)
  for (const each of [path, ...slices]) {
    const file = await open(each)
    while ((await file.read(buffer)).bytesRead > 0);
    await file.close()
  }
}

function rowMaker() {
  const random = randomFrom(20_261_122)
  const middles = Array.from({ length: 8191 }, () => middle(random))
  const refs = Array.from({ length: 8209 }, () => refHead(random))
  const ends = Array.from({ length: 8219 }, (_, index) => end(random, index))
  const hex = Array.from({ length: 4096 }, (_, value) => value.toString(16).padStart(3, '0'))
  const sums: Sums = { rows: 0, ids: 0, quantities: 0, notes: 0 }

  function text(from: number, to: number): Buffer {
    let made = ''
    for (let id = from; id < to; id++) {
      const mixed = Math.imul(id, 0x9e3779b1)
      const high = `${hex[mixed & 4095]}${hex[(mixed >>> 12) & 4095]}`
      const ref = `${refs[id % 8209]}${high}${hex[(id >>> 12) & 4095]}${hex[id & 4095]}`
      const last = ends[id % 8219] as ReturnType<typeof end>
      made += `${id},${middles[id % 8191]},${ref},${last.text}`
      sums.ids += id
      sums.quantities += last.quantity
      sums.notes += last.notes
    }
    sums.rows += to - from
    return Buffer.from(made)
  }
  return { text, sums }
}

type Random = (below: number) => number

/** Mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const two = (value: number): string => String(value).padStart(2, '0')
const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)] as T

/** active, amount, score, day, created_at, updated_at */
function middle(random: Random): string {
  const day = () => `20${two(15 + random(10))}-${two(1 + random(12))}-${two(1 + random(28))}`
  const amount = `${random(1000)}.${two(random(100))}`
  const score = `${random(10)}.${random(100)}e${random(7) - 3}`
  const created = `${day()} ${two(random(24))}:${two(random(60))}`
  const updated = `${day()} ${two(random(24))}:${two(random(60))}Z`
  return `${random(2) ? 't' : 'f'},${amount},${score},${day()},${created},${updated}`
}

/** All of a version 4 uuid but its last 12 digits, which come from the id. */
function refHead(random: Random): string {
  const digits = (count: number) =>
    Array.from({ length: count }, () => random(16).toString(16)).join('')
  return `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-`
}

const names = ['Ada', 'Bo', 'Chen', 'Dara', 'Eva', 'Finn', 'Gül', 'Hana', 'Ivo', 'Jo']
const cities = ['Oslo', 'Rome', 'Lima', 'Köln', '"Bern, CH"', '"Cork, IE"', 'Pune']
const words = ['late', 'paid', 'gift', 'second try', '"to check, twice"', 'open', '"say ""no"""']

/** attrs, name, city, note, quantity, parent_id, newline. One note in 500 has a newline. */
function end(random: Random, index: number) {
  const attrs = `"{""n"":${random(10)}}"`
  const hasNote = index % 500 === 0 || random(5) === 0
  const note = index % 500 === 0 ? '"first line\nsecond line"' : pick(random, words)
  const quantity = random(4) ? random(100) : null
  const parent = random(2) ? random(100) : null
  const who = `${pick(random, names)},${pick(random, cities)}`
  const text = `${attrs},${who},${hasNote ? note : ''},${quantity ?? ''},${parent ?? ''}\n`
  return { text, quantity: quantity ?? 0, notes: hasNote ? 1 : 0 }
}
