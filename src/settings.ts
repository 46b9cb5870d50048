/**
 * The settings file, `sluice.json` or `sluice.yaml`: what is too much for flags and variables.
 *
 *   { "routes": [{ "when": { "sizeOver": "10GB" }, "queue": "big" }], "timeouts": { "load": "10m" } }
 */
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Static, Type } from 'typebox'
import { checkRoutes, type Route, Routes } from './domain/routes.ts'
import { dotted, problemOf } from './domain/schemaProblems.ts'
import { type LimitsByVerb, normalLimits, TimeLimits } from './domain/timeLimits.ts'
import { sluiceError } from './errors.ts'
import { parseText } from './settings/parse.ts'

const SettingsFile = Type.Object(
  {
    routes: Type.Optional(Routes),
    timeouts: Type.Optional(TimeLimits),
    // What each says is checked when it is used: it is for the workers, which have its secrets.
    connections: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { additionalProperties: false },
)

export interface Settings {
  routes: Route[]
  timeouts: LimitsByVerb
  /** As they stand there: see src/connections. */
  connections: Record<string, unknown>
}

const defaultPaths = ['sluice.json', 'sluice.yaml', 'sluice.yml']
const bytesMax = 1024 * 1024

type Refuse = (problem: string) => Error

/**
 * @param path null for `sluice.json` or `sluice.yaml` in the working directory
 * @param options.mustExist whether a missing file is an error; if absent, a named one must be
 *   there, and the default one need not
 * @throws settings_invalid
 */
export async function readSettings(
  path: string | null,
  { mustExist = path !== null }: { mustExist?: boolean } = {},
): Promise<Settings> {
  const file = path === null ? await findDefault() : resolve(path)
  const refuse = (problem: string, cause?: unknown) =>
    sluiceError('settings_invalid', { file, problem }, { cause })
  const text = await read(file, refuse)
  if (text !== null) return parseSettings(text, refuse)
  if (mustExist) throw refuse('there is no such file')
  return { routes: [], timeouts: {}, connections: {} }
}

/** @throws settings_invalid when there is more than one */
async function findDefault(): Promise<string> {
  const paths = defaultPaths.map((path) => resolve(path))
  const are = await Promise.all(paths.map((path) => stat(path).catch(() => null)))
  const [file = paths[0] as string, other] = paths.filter((_, index) => are[index])
  if (other === undefined) return file
  throw sluiceError('settings_invalid', { file, problem: `${other} is there as well: keep one` })
}

/** @returns null when there is no such file */
async function read(
  file: string,
  refuse: (problem: string, cause?: unknown) => Error,
): Promise<string | null> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    const problem = error.code === 'EISDIR' ? 'it is a folder' : `it cannot be read (${error.code})`
    throw refuse(problem, error)
  })
  if (bytes === null) return null
  if (bytes.length > bytesMax) throw refuse('it is larger than 1 MiB')
  try {
    // It skips a byte order mark, too.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw refuse('it is not UTF-8', error)
  }
}

function parseSettings(text: string, refuse: Refuse): Settings {
  const value = parseText(text, refuse)
  const problem = problemOf(SettingsFile, value)
  if (problem !== null) throw refuse(problem)
  const { routes = [], timeouts = {}, connections = {} } = value as Static<typeof SettingsFile>
  const refuseIn = (name: string) => (at: string, problem: string) =>
    refuse(`${dotted(`/${name}${at}`)}: ${problem}`)
  checkRoutes(routes, { refuse: refuseIn('routes') })
  return { routes, timeouts: normalLimits(timeouts, refuseIn('timeouts')), connections }
}
