/** Rows of a format through both lanes of a load, into tables of PostgreSQL. */
import { expect } from 'vitest'
import { oneRecord } from '../../src/formats/oneRecord.ts'
import { copyRows } from '../../src/postgres/copy/copy.ts'
import { copyAround } from '../../src/postgres/copy/copyAround.ts'
import { copyEach } from '../../src/postgres/copy/copyEach.ts'
import type { Connection } from '../../src/postgres/db.ts'
import {
  keptOf,
  lineBehind,
  names,
  numbered,
  type Row,
  readerOf,
  type Sizes,
  type Subject,
  shapeOf,
  slicesOf,
} from './asAnIngest.ts'

interface Trial {
  subject: Subject
  rows: Row[]
  /** Which row has a value that the type of its column does not take. */
  wrong: number
  given: Sizes
}

/** One wrong value is one reject in either lane, and what is loaded is the same; corrected, it loads. */
export async function inPostgres(
  tx: Connection,
  { subject, rows, wrong, given }: Trial,
): Promise<void> {
  const { width, write, record } = subject
  const columns = numbered(width)
  const fields = names(width)
  const list = columns.map(({ name, type }) => `${name} ${type}`).join(', ')
  await tx.query(`drop table if exists pg_temp.slow, pg_temp.fast;
    create temporary table slow (${list}); create temporary table fast (${list})`)
  const bytes = write(rows)
  const shape = shapeOf(subject, bytes, given)
  const reader = readerOf(subject, shape, columns)
  const slices = slicesOf(shape, bytes)
  const line = lineBehind(subject, write(rows.slice(0, wrong)))
  const reject = { line, column: 'c0', raw: record(rows[wrong] as Row) }

  const slow: unknown[] = []
  for (const { slice, lines } of slices) {
    const written = reader.write(slice, lines)
    expect(written.broken).toEqual([])
    const { refused } = await copyAround(tx, { table: 'slow', columns, fields }, written)
    for (const { index, column } of refused) {
      const raw = slice.toString('utf8', written.starts[index], written.rawEnds[index])
      slow.push({ line: written.lines[index], column, raw })
    }
  }
  expect(slow).toEqual([reject])

  const { asIs } = reader
  if (asIs && slices.every(({ slice }) => asIs.suits?.(slice) ?? true)) {
    const target = { table: 'fast', columns, fields, form: asIs.copy }
    const { skipped } = await copyRows(
      tx,
      target,
      slices.map(({ slice }) => slice),
    )
    const counted = asIs.count()
    const fast: unknown[] = []
    for (const { slice, lines } of slices) {
      for (const found of counted(slice, lines)) {
        const skip = skipped.find(({ copyLine }) => copyLine === found.copyLine)
        const raw = slice.toString('utf8', found.start, found.end)
        if (skip) fast.push({ line: found.line, column: skip.column, raw })
      }
    }
    expect(fast).toEqual([reject])
    const { rows: others } = await tx.query(
      '(table slow except all table fast) union all (table fast except all table slow)',
    )
    expect(others).toEqual([])
  }

  const corrected = [`${wrong}`, ...(rows[wrong] as Row).slice(1)]
  const { newline } = shape.reading
  const one = oneRecord(keptOf(reader, record(corrected)), reader, { line, newline })
  const { bytes: again } = one as { bytes: Buffer }
  const records = { bytes: again, ends: [again.length] }
  expect(await copyEach(tx, { table: 'slow', columns, fields }, records)).toEqual([])
  const { rows: loaded } = await tx.query('select * from slow order by c0')
  const wanted = rows.map((row, at) => [at, ...row.slice(1)])
  expect(loaded.map((row) => Object.values(row))).toEqual(wanted)
}
