/** COPY's sender against a real PostgreSQL: what it sends, and every way in which it can end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { copyIn } from '../../src/postgres/copy/copyIn.ts'
import { type Connection, withConnection } from '../../src/postgres/db.ts'
import { build } from '../harness.ts'

const harness = await build()
await harness.db.query('create table copied (n bigint, filler text)')
const statement = 'copy copied from stdin'
const filler = 'x'.repeat(1000)

/** In a transaction that is rolled back, so that every test finds the table empty. */
const within = <T>(work: (tx: Connection) => Promise<T>): Promise<T> =>
  withConnection(harness.db, async (tx) => {
    await tx.query('begin')
    try {
      return await work(tx)
    } finally {
      await tx.query('rollback').catch(() => {})
    }
  })

const rows = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => `${from + index}\t${filler}\n`).join('')

test('a chunk is done with when the next one is asked for', () =>
  within(async (tx) => {
    // One buffer for all chunks, as large as many socket buffers and as small as a few bytes.
    const buffer = Buffer.alloc(4 << 20)
    let next = 0
    const chunks = function* () {
      for (const count of [1, 3000, 2, 100, 4000, 1, 1, 4000, 4000]) {
        yield buffer.subarray(0, buffer.write(rows(next, count)))
        buffer.fill('!')
        next += count
      }
      yield Buffer.alloc(0)
    }
    expect(await copyIn(tx, statement, chunks())).toBe(next)
    const { rows: found } = await tx.query(
      `select count(*), count(distinct n) as distinct, max(n),
              count(*) filter (where filler = $1) as whole from copied`,
      [filler],
    )
    expect(found).toEqual([{ count: next, distinct: next, max: next - 1, whole: next }])
  }))

describe('it ends with the error of', () => {
  test('the source; the connection goes on behind a savepoint', () =>
    within(async (tx) => {
      await tx.query('savepoint before')
      const chunks = function* () {
        yield Buffer.from(rows(0, 5000))
        throw new Error('the disk is gone')
      }
      await expect(copyIn(tx, statement, chunks())).rejects.toThrow('the disk is gone')
      await tx.query('rollback to savepoint before')
      expect(await copyIn(tx, statement, [Buffer.from(rows(0, 3))])).toBe(3)
    }))

  test('PostgreSQL, which refuses a row while more are coming', () =>
    within(async (tx) => {
      await tx.query('savepoint before')
      let asked = 0
      const chunks = async function* () {
        for (; asked < 1000; asked++) {
          yield Buffer.from(asked === 3 ? 'no number\n' : rows(0, 500))
          await sleep(1)
        }
      }
      await expect(copyIn(tx, statement, chunks())).rejects.toMatchObject({ code: '22P02' })
      expect(asked).toBeLessThan(1000)
      await tx.query('rollback to savepoint before')
      expect(await copyIn(tx, statement, [Buffer.from(rows(0, 3))])).toBe(3)
    }))

  test('PostgreSQL, which refuses the last row', () =>
    within(async (tx) => {
      const chunks = [Buffer.from(rows(0, 3)), Buffer.from('4')]
      await expect(copyIn(tx, statement, chunks)).rejects.toMatchObject({ code: '22P04' })
    }))

  test('PostgreSQL, which refuses the statement: the source is not asked', () =>
    within(async (tx) => {
      const chunks = function* (): Generator<Buffer> {
        yield expect.unreachable('nobody wants it')
      }
      const copied = copyIn(tx, 'copy nowhere from stdin', chunks())
      await expect(copied).rejects.toMatchObject({ code: '42P01' })
    }))

  test.each([
    ['between two chunks', 200],
    ['while a chunk is on its way', 0],
  ])('the connection, when it is lost %s', async (_, pauseMs) => {
    const lost = withConnection(harness.db, async (tx) => {
      const { rows: found } = await tx.query('select pg_backend_pid() as pid')
      const chunk = Buffer.from(rows(0, 20_000))
      const chunks = async function* () {
        for (let turn = 0; turn < 10_000; turn++) {
          if (turn === 5) await harness.db.query('select pg_terminate_backend($1)', [found[0].pid])
          yield chunk
          await sleep(pauseMs)
        }
      }
      await copyIn(tx, statement, chunks())
    })
    await expect(lost).rejects.toThrow(/terminat|Connection|ECONNRESET|EPIPE/)
  })

  test('an abort, which cuts the connection', async () => {
    const stop = new AbortController()
    const chunks = async function* () {
      yield Buffer.from(rows(0, 10))
      stop.abort(new Error('cancelled'))
      await sleep(50)
      yield Buffer.from(rows(0, 10))
    }
    const copied = withConnection(harness.db, (tx) => copyIn(tx, statement, chunks()), stop.signal)
    await expect(copied).rejects.toThrow('cancelled')
  })
})
