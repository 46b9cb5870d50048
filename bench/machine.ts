/** What the figures were measured on: without it they say nothing. */
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import type { Db } from '../src/postgres/db.ts'

export interface Machine {
  cores: number
  cpu: string
  memoryBytes: number
  system: string
  node: string
  postgres: string
  /** Settings that decide how fast a COPY is. */
  settings: Record<string, string>
  psql: string | null
}

const telling = ['shared_buffers', 'max_wal_size', 'wal_level', 'fsync', 'synchronous_commit']

export async function describeMachine(db: Db, psql: string | null): Promise<Machine> {
  const { rows: shown } = await db.query(
    'select name, current_setting(name) as value from pg_settings where name = any($1)',
    [[...telling, 'server_version']],
  )
  const settings = Object.fromEntries(shown.map(({ name, value }) => [name, value]))
  const { server_version: postgres, ...others } = settings as Record<string, string>
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() || 'unknown',
    memoryBytes: totalmem(),
    system: `${platform()} ${release()}`,
    node: process.versions.node,
    postgres: postgres ?? 'unknown',
    settings: others,
    psql,
  }
}

export const machineLine = (machine: Machine): string =>
  [
    `${machine.cores} cores (${machine.cpu}), ${Math.round(machine.memoryBytes / 2 ** 30)} GB`,
    `Node ${machine.node}`,
    `PostgreSQL ${machine.postgres}`,
    machine.psql ? `psql ${machine.psql}` : 'no psql',
  ].join(' · ')
