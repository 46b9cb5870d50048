/** All ways of a load by themselves, for records that a test has written. */
import { expect } from 'vitest'
import { TrimCount } from '../../src/domain/trimCount.ts'
import type { Cut } from '../../src/domain/words.ts'
import type { Dialect } from '../../src/formats/csv/dialect.ts'
import { copyFormOf, csvReader } from '../../src/formats/csv/reader.ts'
import { type Triaged, triage } from '../../src/formats/csv/repair.ts'
import { copyTakes, rewriterOf } from '../../src/formats/csv/rewrite.ts'
import { Scanner } from '../../src/formats/csv/scan.ts'
import { copyRows } from '../../src/postgres/copy/copy.ts'
import { copyAround } from '../../src/postgres/copy/copyAround.ts'
import type { Connection } from '../../src/postgres/db.ts'

export const fields = ['n', 'a', 'b', 'c']
const columns = fields.map((name) => ({ name, type: 'text' }))
const recordBytesMax = 1 << 20

export interface Sizes {
  cutBytes: number
  chunkBytes: number
}

export function slicesOf(bytes: Buffer, dialect: Dialect, sizes: Sizes) {
  const start = { offset: 0, lines: 0, blankIsRecord: false }
  const scanner = new Scanner(dialect, { cutBytes: sizes.cutBytes, recordBytesMax }, start)
  for (let at = 0; at < bytes.length; at += sizes.chunkBytes) {
    scanner.push(Buffer.from(bytes.subarray(at, at + sizes.chunkBytes)))
  }
  scanner.finish()
  expect(scanner.found.flaws).toEqual([])
  return scanner.found.cuts.slice(1).map((to, index) => {
    const from = scanner.found.cuts[index] as Cut
    const count = (name: 'records' | 'broken' | 'odd') => (to[name] ?? 0) - (from[name] ?? 0)
    const slice = bytes.subarray(from.offset, to.offset)
    return {
      slice,
      lines: from.lines,
      records: count('records'),
      broken: count('broken'),
      odd: count('odd'),
    }
  })
}

export type Part = ReturnType<typeof slicesOf>[number]

/** The repair lane. @returns its rejects, and the text that `ragged` dropped */
export async function repair(
  tx: Connection,
  table: string,
  { slice, lines, records, broken }: Part,
  dialect: Dialect,
) {
  const trims = new TrimCount()
  const writer = rewriterOf(slice, dialect, columns, trims)
  const options = { recordBytesMax, lines, blankIsRecord: false, writer }
  const found = triage(slice, dialect, options)
  const isOfQuotes = ({ code }: Triaged['broken'][number]) => code.startsWith('quote_')
  expect(found.lines.length + found.broken.length).toBe(records + broken)
  expect(found.broken.filter(isOfQuotes)).toHaveLength(broken)
  const { rows, refused } = await copyAround(tx, { table, columns, fields }, writer)
  expect([rows, refused]).toEqual([found.lines.length, []])
  const rejects = found.broken.map(({ raw, code }) => ({ raw: raw.toString(), code }))
  return { rejects, trimmed: trims.rows }
}

/** @returns null when the slice is not for COPY BINARY */
export async function binary(tx: Connection, table: string, part: Part, dialect: Dialect) {
  const { binary: form } = csvReader(dialect, columns)
  if (part.odd > 0 || part.broken > 0 || !form) return null
  const ended = Buffer.from(part.slice.toString().endsWith(dialect.newline) ? '' : dialect.newline)
  async function* chunks() {
    yield* [part.slice, ended]
  }
  await tx.query('savepoint fast')
  const target = { table, columns, fields, form: form.copy }
  const copied = await copyRows(tx, target, form.rows(chunks())).catch(() => null)
  if (copied?.rows === part.records) return copied.rows
  await tx.query('rollback to savepoint fast')
  return null
}

/** @returns null when the slice is not for the fast lane, or COPY does not take it as it is */
export async function fast(tx: Connection, table: string, part: Part, dialect: Dialect) {
  if (part.odd > 0 || part.broken > 0 || !copyTakes(dialect, columns)) return null
  await tx.query('savepoint fast')
  const target = { table, columns, fields, form: copyFormOf(dialect) }
  const copied = await copyRows(tx, target, [part.slice]).catch(() => null)
  if (copied?.rows === part.records) return copied.rows
  await tx.query('rollback to savepoint fast')
  return null
}
