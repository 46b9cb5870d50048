/** The connections of this machine, as its settings describe them. */
import type { Config } from '../config.ts'
import { type Connections, createConnections } from '../connections/index.ts'
import { readSettings } from '../settings.ts'

/** @throws settings_invalid */
export async function readConnections(config: Config): Promise<Connections> {
  const { connections: settings } = await readSettings(config.settingsPath)
  return createConnections({ ...config.connections, settings }, config.variable)
}
