/** Avro of strangers: whatever is damaged or meant badly is an error, soon, and never a wrong row. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unpackLimits } from '../../../src/domain/unpack.ts'
import { SluiceError } from '../../../src/errors.ts'
import { recordBytesMax } from '../../../src/formats/format.ts'
import { build } from '../../harness.ts'
import { block, bytes, container, headOf, long, recordOf, string, sync } from './encoded.ts'
import { type Unfolded, unfolded } from './unfolded.ts'

const harness = await build()
const path = join(harness.folder, 'x.avro')
const read = (content: Buffer, limits = unpackLimits) => unfolded(path, content, limits)
const fixture = (codec: string) => readFile(join(import.meta.dirname, `files/${codec}.avro`))

/** @returns its code and its message */
const refusal = async (content: Buffer, limits = unpackLimits) => {
  const found = await read(content, limits)
  return found instanceof SluiceError ? `${found.code}: ${found.message}` : found
}

const pastSchema = (content: Buffer): number => content.indexOf(sync) + sync.length

for (const codec of ['null', 'deflate', 'snappy', 'zstandard']) {
  test(`damaged anywhere, packed with ${codec}`, async () => {
    const whole = await fixture(codec)
    const { rows, header } = (await read(whole)) as Unfolded
    let refused = 0
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => {
          const content = Buffer.from(whole)
          content[at] = (content[at] as number) ^ by
          const found = await read(content)
          if (found instanceof SluiceError) {
            refused++
            expect(['avro_unreadable', 'avro_codec', 'unpack_limit']).toContain(found.code)
            return
          }
          // A name or a value may be another one now, for the file has no sums; what is read is whole rows.
          expect(found.header).toHaveLength(header.length)
          for (const row of found.rows) expect(row).toHaveLength(header.length)
          expect(found.rows).toHaveLength(rows.length)
          // Snappy has a sum for each block.
          if (codec === 'snappy' && at >= pastSchema(whole)) expect(found.rows).toEqual(rows)
        },
      ),
      { numRuns: 250, seed: 20261128 },
    )
    expect(refused).toBeGreaterThan(50)
  })

  test(`cut off anywhere, packed with ${codec}: an error, unless it ends with a block`, async () => {
    const whole = await fixture(codec)
    const { rows } = (await read(whole)) as Unfolded
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (size) => {
        const found = await read(whole.subarray(0, size))
        if (found instanceof SluiceError) expect(found.code).toBe('avro_unreadable')
        else {
          expect(whole.subarray(size - sync.length, size)).toEqual(sync)
          expect(found.rows).toEqual(rows.slice(0, found.rows.length))
        }
      }),
      { numRuns: 100, seed: 20261128 },
    )
  })
}

test('blocks whose counts, sizes or markers are wrong', async () => {
  const schema = recordOf({ id: 'int' })
  const head = headOf(schema, 'null')
  const of = (...blocks: Buffer[]) => Buffer.concat([head, ...blocks])
  const two = Buffer.concat([long(1), long(2)])
  expect(await read(of(block(2, two)))).toMatchObject({ rows: [['1'], ['2']] })
  const refused = async (content: Buffer, problem: string) =>
    expect(await refusal(content)).toContain(problem)
  await refused(of(block(1, two)), 'block 1: bytes are left behind its 1 rows')
  await refused(of(block(3, two)), 'block 1, row 3 of it: a value goes on behind its end')
  await refused(of(block(-2, two)), 'block 1: a length is -2')
  await refused(of(block(2n ** 62n, two)), 'a length is')
  const other = block(2, two)
  other.write('X', other.length - 1)
  await refused(of(block(2, two), other), 'block 2: the marker behind it is another one')
  await refused(of(Buffer.concat([long(1), long(2 ** 40), two])), 'at most 67108864 are read')
  await refused(of(block(1, long(2n ** 40n))), 'an int has more than 32 bits')
  await refused(of(block(1, Buffer.alloc(11, 0xff))), 'a long has more than 64 bits')
})

test('schemas that are none, or have no end', async () => {
  const schemas: Record<string, string> = {
    'no JSON': '{',
    'an unknown type "nothing"': '"nothing"',
    'an unknown type "Later"':
      '{"type":"record","name":"R","fields":[{"name":"a","type":"Later"}]}',
    'nested deeper than 100 levels': `${'{"type":"array","items":'.repeat(5000)}"int"${'}'.repeat(5000)}`,
    'a union without types': '[]',
    'an enum without symbols': '{"type":"enum","name":"E"}',
    'a fixed without a size': '{"type":"fixed","name":"F","size":-1}',
    'a record without fields': '{"type":"record","name":"R"}',
    'a field without a name': '{"type":"record","name":"R","fields":[null]}',
    'no fields': '{"type":"record","name":"R","fields":[]}',
    'more than 4194304 bytes': `"${'x'.repeat(5 << 20)}"`,
  }
  for (const [problem, schema] of Object.entries(schemas)) {
    const content = container({ schema, blocks: [[long(1)]] })
    expect(await refusal(content), problem).toContain(problem)
  }
})

test('few bytes that are much: they end soon, and in little memory', async () => {
  // Each record has two of the next one, and all of them have nothing.
  const levels = 40
  let type: unknown = { type: 'record', name: `R${levels}`, fields: [] }
  for (let level = levels - 1; level > 0; level--) {
    const name = `R${level}`
    const second = { name: 'b', type: `R${level + 1}` }
    type = { type: 'record', name, fields: [{ name: 'a', type }, second] }
  }
  const doubling = container({ schema: recordOf({ a: type }), blocks: [[Buffer.alloc(0)]] })
  const within = { type: 'record', name: 'Row', fields: [{ name: 'a', type: 'Row' }] }
  const endless = container({ schema: within, blocks: [[Buffer.alloc(0)]] })
  const nulls = { type: 'array', items: 'null' }
  const many = container({ schema: recordOf({ a: nulls }), blocks: [[long(2 ** 46)]] })
  const rows = Buffer.concat([headOf('"null"', 'null'), block(2 ** 46, Buffer.alloc(0))])
  const before = process.memoryUsage().arrayBuffers
  expect(await refusal(doubling)).toContain('a row has more text than is read')
  expect(await refusal(endless)).toContain('nested deeper than 500 levels')
  expect(await refusal(many)).toContain('a row has more text than is read')
  expect(await refusal(rows, { ...unpackLimits, bytesMax: 1 << 22 })).toContain('unpack_limit')
  expect(await refusal(rows)).toContain('unpack_limit')
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300 << 20)
})

test('a block of zeros that is larger than is read', async () => {
  const schema = recordOf({ a: 'bytes' })
  const zeros = bytes(Buffer.alloc(80 << 20))
  const content = container({ schema, codec: 'deflate', blocks: [[zeros]] })
  expect(content.length).toBeLessThan(1 << 20)
  expect(await refusal(content)).toContain('avro_unreadable')
})

test('a row that is too long is a record that is too long, and those around it are read', async () => {
  const schema = recordOf({ a: 'string' })
  const long = string('x'.repeat(recordBytesMax + (24 << 20)))
  const content = container({ schema, blocks: [[string('1'), long, string('2')]] })
  const { rows } = (await read(content)) as Unfolded
  expect(rows.map(([text]) => text?.slice(0, 3))).toEqual(['1', 'xxx', '2'])
  expect(rows[1]?.[0]?.length).toBeGreaterThan(recordBytesMax)
})
