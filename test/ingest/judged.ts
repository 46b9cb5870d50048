/** Ingests into tables with constraints, and what became of each row. */
import { expect } from 'vitest'
import type { IngestView } from '../../src/postgres/ledger/views.ts'
import type { IngestSpec } from '../../src/spec/spec.ts'
import { anyRejects, build } from '../harness.ts'

type Options = Omit<IngestSpec, 'source' | 'target'> & { target?: Partial<IngestSpec['target']> }

/** What became of rows and records, in the words of a model. */
export const changesOf = (view: IngestView) => ({
  inserted: view.rowsInserted,
  updated: view.rowsUpdated,
  unchanged: view.rowsUnchanged,
  deleted: view.rowsDeleted,
  rejected: view.rowsRejected,
  loaded: view.rowsLoaded,
})

/** Builds the harness, with a worker; for the top level of a test file. */
export async function judged() {
  const harness = await build(anyRejects)
  await harness.startWorker()

  async function ingest(table: string, content: string | string[], options: Options = {}) {
    const contents = typeof content === 'string' ? [content] : content
    const path: string[] = []
    for (const [no, text] of contents.entries())
      path.push(await harness.file(`${table}-${no}.csv`, text))
    const target = { table, ...options.target }
    return harness.ingest({ ...options, source: { kind: 'directory', path }, target })
  }

  /** [file, line, code, constraint, column] of every reject. */
  async function rejects(ingestId: string) {
    const found = await harness.rejects(ingestId)
    return found.map(({ fileNo, line, code, constraint, column }) => [
      fileNo,
      line,
      code,
      constraint,
      column,
    ])
  }

  const column = async (table: string, name: string) =>
    (await harness.db.query(`select ${name} as value from ${table} order by 1`)).rows.map(
      (r) => r.value,
    )

  /** Receipts, rejects and rows say the same. */
  async function mustAddUp(ingestId: string) {
    const { rows } = await harness.db.query(
      `select i.rows_read = i.rows_loaded + i.rows_rejected + i.rows_skipped + i.rows_filtered
                + i.rows_superseded as adds,
              i.rows_read = u.read and i.rows_loaded = u.loaded and i.rows_rejected = u.rejected
                and i.rows_skipped = u.skipped and i.rows_filtered = u.filtered
                and i.rows_superseded = u.superseded and i.rows_rejected = r.rejects as same,
              (select count(*) from pg_class where relname like 'sluice_landing%') as landings
       from sluice.ingests i,
         lateral (select sum(rows_read) as read, sum(rows_loaded) as loaded,
                         sum(rows_rejected) as rejected, sum(rows_skipped) as skipped,
                         sum(rows_filtered) as filtered, sum(rows_superseded) as superseded
                  from sluice.units where ingest_id = i.ingest_id) u,
         lateral (select count(*) as rejects from sluice.rejects where ingest_id = i.ingest_id) r
       where ingest_id = $1`,
      [ingestId],
    )
    expect(rows).toEqual([{ adds: true, same: true, landings: 0 }])
  }

  return { harness, ingest, rejects, column, mustAddUp }
}
