/** Ingests one dirty file after the other, each into a table of its own. */
import type { FormatSpec } from '../../src/spec/format.ts'
import { anyRejects, build } from '../harness.ts'

export const lines = (...all: string[]) => `${all.join('\n')}\n`

/** Builds the harness, with a worker; for the top level of a test file. */
export async function dirtyFiles() {
  const harness = await build(anyRejects)
  await harness.startWorker()
  let count = 0

  /** Ingests one file; what came of it, rows as they are in the table. */
  async function load(
    content: string | Buffer,
    { format, create, types }: { format?: FormatSpec; create?: string; types?: 'text' } = {},
  ) {
    const table = `dirty_${++count}`
    if (create) await harness.db.query(`create table ${table} (${create})`)
    const path = await harness.file(`${table}.csv`, content)
    const view = await harness.ingest({
      source: { kind: 'directory', path },
      ...(format && { format }),
      target: { table, ...(types && { types }) },
    })
    const all = view.error ? [] : (await harness.db.query(`select t.*, ctid from ${table} t`)).rows
    const rows = all.map(({ ctid, ...row }) => Object.values(row))
    const units = await harness.db.query(
      'select distinct lane from sluice.units where ingest_id = $1 and lane is not null',
      [view.ingestId],
    )
    const rejects = (await harness.rejects(view.ingestId)).map(({ line, column, code, raw }) => [
      line,
      column,
      code,
      raw,
    ])
    const notes = await harness.db.query(
      'select code from sluice.notes where ingest_id = $1 order by note_no',
      [view.ingestId],
    )
    return {
      notes: notes.rows.map(({ code }) => code),
      error: view.error?.code ?? null,
      message: view.error?.message,
      columns: view.columns?.map(({ name, type }) => `${name} ${type}`),
      rows,
      rejects,
      lanes: units.rows.map(({ lane }) => lane),
      read: view.rowsRead,
    }
  }

  return { harness, load }
}
