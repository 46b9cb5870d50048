/** The sample of a first start. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDb } from '../../../postgres/db.ts'
import type { Client } from '../../client.ts'

/** Not `trips`: that name is left to the user who tries this with files of their own. */
const table = 'public.sample_trips'

export const sampleSpec = { id: 'sample-trips', target: { table, schema: 'freeze' } } as const

/** @returns the sample's path when this is a first start: an empty ledger, and no such table yet */
export async function findSample(client: Client, databaseUrl: string): Promise<string | null> {
  const path = samplePath()
  if (path === null || (await client.list({ limit: '1' })).ingests.length > 0) return null
  const db = openDb(databaseUrl, { max: 1, name: 'sluice up' })
  try {
    const { rows } = await db.query('select to_regclass($1) as found', [table])
    return rows[0].found === null ? path : null
  } finally {
    await db.end()
  }
}

/** In the folder of the package, where we run from src or from dist/src; the image has none. */
function samplePath(): string | null {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) return null
    folder = dirname(folder)
  }
  const path = join(folder, 'examples', 'trips.csv')
  return existsSync(path) ? path : null
}
