/**
 * Random values of each type that COPY BINARY is written for: what PostgreSQL has of them is what it
 * reads from their text. A value that is not known for sure goes as text.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NotBinary } from '../../src/domain/copyForm.ts'
import type { Dialect } from '../../src/formats/csv/dialect.ts'
import { csvReader } from '../../src/formats/csv/reader.ts'
import { copyRows, setDateOrder } from '../../src/postgres/copy/copy.ts'
import { copyAround } from '../../src/postgres/copy/copyAround.ts'
import { type Connection, transaction } from '../../src/postgres/db.ts'
import { isAboutRow } from '../../src/postgres/sqlState.ts'
import { build } from '../harness.ts'
import { known, odd, some } from './binaryValues.ts'

const harness = await build()

const types = Object.keys(known)
const columns = types.map((type, at) => ({ name: `c${at}`, type }))
const fields = columns.map(({ name }) => name)

const plain: Dialect = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  newline: '\n',
  header: false,
  nullText: '',
}

const dialects = fc
  .record({
    delimiter: some(',', ';', '\t'),
    newline: fc.constantFrom('\n' as const, '\r\n' as const),
    nullText: some('', 'NA', '\\N'),
    dates: fc.constantFrom(undefined, 'DMY' as const, 'MDY' as const, 'YMD' as const),
    decimal: fc.constantFrom(undefined, ',' as const),
  })
  .map(
    ({ dates, decimal, ...rest }): Dialect => ({
      ...plain,
      ...rest,
      ...(dates && { dates }),
      ...(decimal && { decimal }),
    }),
  )

/** A value in the terms of a file. */
function inTerms(value: string, type: string, { decimal, dates }: Dialect): string {
  if (type.startsWith('numeric') && decimal) return value.replace('.', decimal)
  const [year, month, day] = value.split('-') as [string, string, string]
  if (type !== 'date' || !dates || Number(day) % 3 === 0) return value
  const parts = { DMY: [day, month, year], MDY: [month, day, year], YMD: [year, month, day] }
  return parts[dates].join(['.', '/', '-'][Number(month) % 3])
}

/** NULL, or a value within quotes where it must be or may be. */
const fieldOf = (type: string, dialect: Dialect) =>
  fc
    .tuple(fc.option(known[type] as fc.Arbitrary<string>, { freq: 6 }), fc.boolean())
    .map(([value, isQuoted]) =>
      value === null ? dialect.nullText : written(inTerms(value, type, dialect), dialect, isQuoted),
    )

function written(value: string, { delimiter, nullText }: Dialect, isQuoted = false): string {
  const must = /["\r\n]/.test(value) || value.includes(delimiter) || value === nullText
  return isQuoted || must ? `"${value.replaceAll('"', '""')}"` : value
}

const files = dialects.chain((dialect) =>
  fc.record({
    dialect: fc.constant(dialect),
    records: fc.array(fc.tuple(...types.map((type) => fieldOf(type, dialect))), {
      minLength: 1,
      maxLength: 60,
    }),
    chunkBytes: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.constant(1 << 20)),
  }),
)

/** @returns how many rows are loaded, or why none is */
async function asBinary(
  tx: Connection,
  bytes: Buffer,
  { dialect, chunkBytes = bytes.length }: { dialect: Dialect; chunkBytes?: number },
): Promise<number | Error> {
  const { binary } = csvReader(dialect, columns)
  if (!binary) throw new Error('the loop does not know how the values are written')
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const chunk = Buffer.from(bytes.subarray(at, at + chunkBytes))
      yield chunk
      chunk.fill(0)
    }
  }
  await tx.query('savepoint tried')
  try {
    const target = { table: 'as_binary', columns, fields, form: binary.copy }
    return (await copyRows(tx, target, binary.rows(chunks()))).rows
  } catch (error) {
    await tx.query('rollback to savepoint tried')
    return error as Error
  }
}

/** @returns how many rows are loaded in the lane that they would take without COPY BINARY */
async function asText(tx: Connection, bytes: Buffer, dialect: Dialect): Promise<number> {
  const reader = csvReader(dialect, columns)
  await setDateOrder(tx, reader)
  const target = { table: 'as_text', columns, fields }
  if (!reader.asIs) return (await copyAround(tx, target, reader.write(bytes, 0))).rows
  return (await copyRows(tx, { ...target, form: reader.asIs.copy }, [bytes])).rows
}

/** The rows of either table that the other one has not, as PostgreSQL shows them. */
async function differences(tx: Connection): Promise<unknown[]> {
  const { rows } = await tx.query(`
    with a as (select t::text from as_binary t), b as (select t::text from as_text t)
    (select 'binary', * from (table a except all table b))
    union all (select 'text', * from (table b except all table a))`)
  return rows
}

const trial = (work: (tx: Connection) => Promise<void>) =>
  transaction(harness.db, async (tx) => {
    const list = columns.map(({ name, type }) => `${name} ${type}`).join(', ')
    await tx.query(`drop table if exists pg_temp.as_binary, pg_temp.as_text;
      create temporary table as_binary (${list}); create temporary table as_text (${list})`)
    await work(tx)
  })

test('values of all types are the same as from their text', async () => {
  await fc.assert(
    fc.asyncProperty(files, ({ dialect, records, chunkBytes }) =>
      trial(async (tx) => {
        const lines = records.map((record) => record.join(dialect.delimiter) + dialect.newline)
        const bytes = Buffer.from(lines.join(''))
        expect(await asBinary(tx, bytes, { dialect, chunkBytes })).toBe(records.length)
        expect(await asText(tx, bytes, dialect)).toBe(records.length)
        expect(await differences(tx)).toEqual([])
      }),
    ),
    { numRuns: 60 },
  )
}, 60_000)

test('an odd value is refused, or the same as from its text', async () => {
  await trial(async (tx) => {
    for (const [at, type] of types.entries()) {
      for (const value of odd[type] ?? []) {
        const fieldsOf = (text: string) => types.map((_, field) => (field === at ? text : ''))
        const line = `${fieldsOf(written(value, plain)).join(',')}\n`
        const shown = `${type} ${value.slice(0, 40)}`
        const found = await asBinary(tx, Buffer.from(line), { dialect: plain })
        if (found instanceof Error) {
          const isRefused = found instanceof NotBinary || isAboutRow(found)
          expect([shown, isRefused]).toEqual([shown, true])
        } else {
          expect([shown, await asText(tx, Buffer.from(line), plain)]).toEqual([shown, 1])
          expect(await differences(tx)).toEqual([])
        }
      }
    }
  })
})

test('records that are not as the loop expects them are refused', async () => {
  const empty = ','.repeat(types.length - 1)
  const text = (value: Buffer) =>
    Buffer.concat([
      Buffer.from(','.repeat(types.indexOf('text'))),
      value,
      Buffer.from(`${','.repeat(types.length - 1 - types.indexOf('text'))}\n`),
    ])
  const lines = {
    'too few fields': Buffer.from(`${empty.slice(1)}\n`),
    'too many fields': Buffer.from(`${empty},\n`),
    'no line end': Buffer.from(empty),
    'a quote within a text': text(Buffer.from('12" x 14"')),
    'a quote that is not doubled': text(Buffer.from('"12" x"')),
    'a quote alone': text(Buffer.from('"')),
    'bytes that are no UTF-8': text(Buffer.from([0x78, 0xc3, 0x28])),
    'half a letter': text(Buffer.from([0xf0, 0x9f, 0x98])),
    'a record larger than the window': text(Buffer.alloc(1 << 20, 'x')),
  }
  await trial(async (tx) => {
    for (const [what, line] of Object.entries(lines)) {
      const found = await asBinary(tx, line, { dialect: plain })
      expect([what, found instanceof NotBinary || isAboutRow(found)]).toEqual([what, true])
    }
    const long = text(Buffer.alloc(1_000_000, 'x'))
    expect(await asBinary(tx, Buffer.concat([long, long]), { dialect: plain })).toBe(2)
  })
})

test.each([
  ['several words for NULL', { nullWords: ['NA'] }, 'text'],
  ['a text for NULL with a quote', { nullText: '"' }, 'bigint'],
  ['words of its own for true and false', { trueWords: ['ja'], falseWords: ['nein'] }, 'boolean'],
  ['a delimiter of two characters', { delimiter: '||' }, 'text'],
  ['an escape that is no quote', { escape: '\\' }, 'text'],
  ['a type that the loop does not know', {}, 'double precision'],
  ['an array', {}, 'bigint[]'],
])('%s: records are not for COPY BINARY', (_, terms, type) => {
  expect(csvReader({ ...plain, ...terms }, [{ name: 'a', type }]).binary).toBeNull()
})

test.each(['timestamp', 'numeric', 'double precision'])(
  'a %s is not what it takes for a bigint',
  async (type) => {
    await transaction(harness.db, async (tx) => {
      await tx.query(`create temporary table other (a ${type}) on commit drop; savepoint tried`)
      const { binary } = csvReader(plain, [{ name: 'a', type: 'bigint' }])
      if (!binary) throw new Error('a bigint is not known')
      async function* chunks() {
        yield Buffer.from('1\n2\n')
      }
      const target = { table: 'other', columns: [], fields: ['a'], form: binary.copy }
      const found = await copyRows(tx, target, binary.rows(chunks())).catch((error) => error)
      expect(found instanceof NotBinary || isAboutRow(found)).toBe(true)
      await tx.query('rollback')
    })
  },
)
