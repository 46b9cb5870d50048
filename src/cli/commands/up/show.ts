/** What `up` prints of an ingest, and of itself. */

import type { UpFile } from '../../../config.ts'
import type { Client, IngestNow } from '../../client.ts'
import { colors } from '../../colors.ts'
import { outcome, rejectLine } from '../../text.ts'

const rejectsShown = 10

/** How it ended, its first rejects, and where to look on. */
export async function showEnd(client: Client, up: UpFile, view: IngestNow): Promise<void> {
  console.log(outcome(view))
  const [first] = view.targets
  if (view.rowsRejected > 0 && !first) {
    const { rejects } = await client.rejects(view.id, { limit: String(rejectsShown) })
    for (const reject of rejects) console.log(`    ${rejectLine(reject, 40)}`)
  }
  const ui = view.links.ui
  if (ui) console.log(`  ${colors.dim('this ingest')}  ${ui}`)
  if (view.state === 'completed') {
    const sql = `select * from ${first?.target ?? view.target} limit 5`
    console.log(`  ${colors.dim('its rows   ')}  psql "${up.databaseUrl}" -c ${quoted(sql)}`)
  }
}

/** For a shell: a table name may hold quotes of both kinds. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

export function showUp({ api, ui }: UpFile): void {
  console.log(`  ${colors.dim('API docs   ')}  ${api}/docs
  ${colors.dim('Web UI     ')}  ${ui ?? 'of your Temporal'}
  ${colors.dim('ingest     ')}  npx sluice ingest my.csv --into public.trips`)
}
