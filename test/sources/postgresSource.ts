/** Reads a source of PostgreSQL as the stage does. */

import type { UnfoldedColumn } from '../../src/domain/unfolded.ts'
import type { Note } from '../../src/errors/notes.ts'
import { postgres } from '../../src/sources/postgres.ts'
import type { Harness } from '../harness.ts'
import { sourceDeps } from '../sourceDeps.ts'

interface How {
  /** Types that the target knows; all if absent. */
  knows?: string[]
  url?: string
  user?: string
  signal?: AbortSignal
  onChunk?: (chunk: number) => Promise<void>
}

export function createPostgresSource({ databaseUrl, db }: Pick<Harness, 'databaseUrl' | 'db'>) {
  const as = (user?: string) => {
    const url = new URL(databaseUrl)
    if (user) Object.assign(url, { username: user, password: 'r' })
    return url.href
  }
  return {
    async lines(
      what: { table?: string; query?: string },
      { knows, user, url = as(user), signal = new AbortController().signal, onChunk }: How = {},
    ): Promise<string[]> {
      const { connections } = sourceDeps({ connections: { db: { kind: 'postgres', url } } })
      const knownTypes = async (types: readonly string[]) => new Set(knows ?? types)
      const deps = { connections, knownTypes }
      const spec = { kind: 'postgres' as const, connection: 'db', ...what }
      postgres.checkOptions(spec)
      const source = postgres.open(spec, deps)
      const found = []
      for await (const file of source.list(signal)) found.push(file)
      const [file] = found
      if (!file || found.length !== 1) throw new Error('it is not one file')
      const opened = await source.open(file, signal)
      let text = ''
      let chunks = 0
      for await (const chunk of opened.read()) {
        text += chunk.toString()
        await onChunk?.(chunks++)
      }
      await opened.close()
      const lines = text.split('\n')
      if (lines.pop() !== '') throw new Error('it does not end with a newline')
      return lines
    },
    head: (line = ''): { columns: UnfoldedColumn[]; notes: Note[] } => JSON.parse(line.slice(1)),
    /** @returns counts the sessions that read at this moment */
    sessions: () => async (): Promise<number> => {
      const { rows } = await db.query(
        `select count(*)::int as count from pg_stat_activity
         where application_name = 'sluice source' and datname = current_database()`,
      )
      return rows[0].count
    },
  }
}
