/**
 * Finds the rows of a landing table that the target refuses although no constraint says so: by a
 * trigger, a policy, an exclusion constraint, an index that a value is too large for.
 *
 * They are inserted as publish does it, in the order of their numbers and some thousand at a time;
 * what is refused is halved until a single row is left. All of it is undone.
 */
import { quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import { type Connection, refusalOf } from '../db.ts'
import type { RowRange } from '../modes/mode.ts'
import { rowColumn } from '../names.ts'
import { isAboutRow } from '../sqlState.ts'
import { triggerOf, withTrigger } from './trigger.ts'

/** A row of the landing table, and what PostgreSQL said of it. */
export interface RefusedRow {
  /** Its number, as PostgreSQL writes it: larger ones are no numbers of JavaScript. */
  row: string
  code: string
  constraint: string | null
  column: string | null
  error: string
}

export interface Found {
  rows: RefusedRow[]
  /** Rows behind the last one that was found were not tried. */
  isCut: boolean
}

export interface Search {
  target: TableName
  landing: TableName
  /** Makes the target ready for the rows of the ingest. */
  begin: () => Promise<void>
  fill: (range: RowRange) => Promise<unknown>
  /** It ends with so many rows. */
  most: number
  /** It ends when it has halved for so long; five minutes if absent. */
  halvingMsMax?: number
}

/** With more rows that are refused it is not they who are at fault. */
export const refusedMax = 10_000
const usualHalvingMsMax = 5 * 60_000

/** Rows that are tried at once at first: a refused one costs about twice as many. */
const rowsAtOnce = 4096

/** @throws what the target says that is not about a row */
export async function findRefused(tx: Connection, search: Search): Promise<Found> {
  await tx.query('savepoint search')
  try {
    return await new Searching(tx, search).run()
  } finally {
    // Without a connection the error under way says so.
    await tx.query('rollback to savepoint search').catch(() => {})
  }
}

class Searching {
  readonly #tx: Connection
  readonly #search: Search
  readonly #found: RefusedRow[] = []
  readonly #row: string
  #halvingMs = 0

  constructor(tx: Connection, search: Search) {
    this.#tx = tx
    this.#search = search
    this.#row = quoteIdentifier(rowColumn(search.landing))
  }

  async run(): Promise<Found> {
    const { landing, begin } = this.#search
    const at = { table: quoteTable(landing), row: this.#row }
    await this.#tx.query(`create index on ${at.table} (${at.row})`)
    await begin()
    // What is refused when there is no row at all is no fault of a row.
    if ((await this.#try('-1')) !== null) return { rows: [], isCut: false }
    for (let after = '-1'; !this.#isOver; ) {
      const { rows } = await this.#tx.query(
        `select max(row)::text as last
         from (select ${at.row} as row from ${at.table} where ${at.row} > $1
               order by 1 limit ${rowsAtOnce}) next`,
        [after],
      )
      const last: string | null = rows[0].last
      if (last === null) return { rows: this.#found, isCut: false }
      const error = await this.#try(after, last)
      if (error !== null) await this.#halve(await this.#numbers(after, last), error)
      after = last
    }
    return { rows: this.#found, isCut: true }
  }

  get #isOver(): boolean {
    const { most, halvingMsMax = usualHalvingMsMax } = this.#search
    return this.#found.length >= most || this.#halvingMs >= halvingMsMax
  }

  async #numbers(after: string, last: string): Promise<string[]> {
    const { rows } = await this.#tx.query(
      `select ${this.#row}::text as row from ${quoteTable(this.#search.landing)}
       where ${this.#row} > $1 and ${this.#row} <= $2 order by ${this.#row}`,
      [after, last],
    )
    return rows.map(({ row }) => row)
  }

  /** The rows were refused together. Those in front of a refused one are in the target by then. */
  async #halve(rows: string[], error: unknown): Promise<void> {
    const beforeMs = this.#halvingMs
    const startMs = performance.now()
    const open = [{ rows, error }]
    for (let part = open.pop(); part && !this.#isOver; part = open.pop()) {
      const { length } = part.rows
      const refusal = part.error ?? (await this.#try(before(part.rows[0]), part.rows.at(-1)))
      if (refusal !== null && length === 1) {
        this.#found.push(await this.#refused(part.rows[0] as string, refusal))
      } else if (refusal !== null) {
        const middle = length >> 1
        open.push({ rows: part.rows.slice(middle), error: null })
        open.push({ rows: part.rows.slice(0, middle), error: null })
      }
      this.#halvingMs = beforeMs + performance.now() - startMs
    }
  }

  /** @returns the error that refuses a row of them, which are not in the target then */
  async #try(after: string, to = after): Promise<unknown> {
    await this.#tx.query('savepoint try')
    try {
      await this.#search.fill({ row: this.#row, after, to })
      await this.#tx.query('release savepoint try')
      return null
    } catch (error) {
      if (!isAboutRow(error)) throw error
      await this.#tx.query('rollback to savepoint try; release savepoint try')
      return error
    }
  }

  async #refused(row: string, error: unknown): Promise<RefusedRow> {
    const trigger = await triggerOf(this.#tx, quoteTable(this.#search.target), error)
    const said = refusalOf(error)
    return { row, ...said, error: withTrigger(said.error, trigger) }
  }
}

const before = (row = '0'): string => String(BigInt(row) - 1n)
