/** The search for rows that a target refuses: what it costs, and where it ends. */
import { expect, test } from 'vitest'
import type { Connection } from '../../src/postgres/db.ts'
import { append } from '../../src/postgres/modes/append.ts'
import { rowColumn } from '../../src/postgres/names.ts'
import { findRefused } from '../../src/postgres/target/search.ts'
import { build } from '../harness.ts'

const harness = await build()
const landing = { schema: 'public', name: 'sluice_landing_0123456789abcdef' }
const target = { schema: 'public', name: 'target' }
const n = { name: 'n', type: 'int', notNull: false, hasDefault: false, generated: false }
const columns = [{ ...n, identity: false, collation: null, default: null }]

/** @param broken as SQL, of `n` */
async function search(broken: string, rows: number, limits = {}) {
  const tx = await harness.db.connect()
  let tries = 0
  try {
    // The numbers of a far unit are more than JavaScript can hold.
    await tx.query(`begin;
      create table target (n int constraint fine check (not (${broken})));
      create table ${landing.name} (n int, ${rowColumn(landing)} bigint);
      insert into ${landing.name} select n, (100000::bigint << 40) + n from generate_series(1, ${rows}) n`)
    const into = { mode: 'append' } as const
    const at = {
      ingestId: 'none',
      into,
      target,
      landing,
      there: { partitioned: false, columns },
      columns,
    }
    const found = await findRefused(tx, {
      target,
      landing,
      begin: async () => {},
      fill: (range) => {
        tries++
        return append.fill(tx, at, range)
      },
      most: 100,
      halvingMsMax: 60_000,
      ...limits,
    })
    const base = 100_000n << 40n
    const numbers = found.rows.map(({ row }) => Number(BigInt(row) - base))
    return { ...found, numbers, tries, isEmpty: await isEmpty(tx) }
  } finally {
    await tx.query('rollback')
    tx.release()
  }
}

const isEmpty = async (tx: Connection) => (await tx.query('select from target')).rowCount === 0

test('every refused row is found, in order, and nothing is left behind', async () => {
  const { numbers, isCut, isEmpty, rows } = await search(
    'n in (1, 2, 4096, 4097, 9999, 10000)',
    10_000,
  )
  expect(numbers).toEqual([1, 2, 4096, 4097, 9999, 10_000])
  expect({ isCut, isEmpty }).toEqual({ isCut: false, isEmpty: true })
  expect(rows[0]).toMatchObject({ code: '23514', constraint: 'fine', column: null })
})

test('a row costs as many tries as its thousands can be halved', async () => {
  const { tries, numbers } = await search('n = 7777', 20_000)
  expect(numbers).toEqual([7777])
  // None, 5 times 4096, and two for each half of one of them.
  expect(tries).toBeLessThanOrEqual(1 + 5 + 2 * 12)
})

test('it ends with as many as are wanted, and when it has taken too long', async () => {
  expect(await search('n > 10', 1000, { most: 3 })).toMatchObject({
    numbers: [11, 12, 13],
    isCut: true,
    isEmpty: true,
  })
  const { numbers, isCut } = await search('true', 1000, { halvingMsMax: 0.001 })
  expect({ isCut, isFew: numbers.length <= 1 }).toEqual({ isCut: true, isFew: true })
})

test('an error that is not about a row ends it', async () => {
  const fail = () => Promise.reject(new Error('the disk is full'))
  await expect(search('false', 10, { fill: fail })).rejects.toThrow('the disk is full')
})
