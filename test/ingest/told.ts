/** What is told of ingests, everywhere: tests look in it for secrets. */
import { inProcess } from '../cli/inProcess.ts'
import type { Harness } from '../harness.ts'

interface Told {
  harness: Harness
  /** Of the API. */
  url: string
  /** Of the worker. */
  log: string
}

/** Whatever somebody can see of an ingest; the spec in the ledger is the one place of a query. */
export async function allThatIsToldOf(ids: string[], { harness, url, log }: Told): Promise<string> {
  const told: unknown[] = [log]
  for (const id of ids) {
    const history = await harness.client.workflow.getHandle(id).fetchHistory()
    told.push(await harness.client.workflow.getHandle(id).describe())
    told.push(history)
    for (const below of ['', '/events', '/steps', '/rejects?all=true', '/units']) {
      const answer = await fetch(`${url}/v1/ingests/${id}${below}`)
      told.push(await answer.text())
    }
    told.push(await inProcess(['status', id, '--json'], { SLUICE_API: url }))
    told.push(await inProcess(['status', id], { SLUICE_API: url }))
  }
  const { rows: tables } = await harness.db.query(
    `select table_name as name from information_schema.tables where table_schema = 'sluice'`,
  )
  for (const { name } of tables) {
    const row = name === 'ingests' ? `to_jsonb(t) - 'spec'` : 'to_jsonb(t)'
    told.push((await harness.db.query(`select ${row} as row from sluice.${name} t`)).rows)
  }
  const { rows: specs } = await harness.db.query(
    `select spec - 'source' as s, spec->'source'->'connection' as c from sluice.ingests`,
  )
  told.push(specs)
  // Payloads are bytes.
  return JSON.stringify(told, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : value,
  )
}
