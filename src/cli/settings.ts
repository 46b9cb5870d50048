/** What a command needs to know, or a clear word on where it could have come from. */
import type { Config } from '../config.ts'
import { sluiceError } from '../errors.ts'
import type { TemporalServer } from '../settings/temporal.ts'

export function needApi({ apiUrl }: Config): string {
  if (apiUrl) return apiUrl.replace(/\/+$/, '')
  throw sluiceError('api_unknown', {})
}

export function needDatabase({ databaseUrl, home }: Config): string {
  if (databaseUrl) return databaseUrl
  const example = 'postgres://user:password@host:5432/database'
  throw sluiceError('setting_missing', { name: 'DATABASE_URL', home, example })
}

export function needTemporal({ temporal, home }: Config): TemporalServer {
  const { address } = temporal
  if (address) return { ...temporal, address }
  throw sluiceError('setting_missing', { name: 'TEMPORAL_ADDRESS', home, example: 'host:7233' })
}

/** For the API that `up` runs here, and for no other one. */
export const ownToken = (config: Config): string | null =>
  isOwnMachine(config) ? (config.up?.token ?? null) : null

/** The API runs on this machine, for this user: what we can read, its worker can. */
export const isOwnMachine = ({ apiUrl, up }: Config): boolean => up !== null && apiUrl === up.api
