/** Where connections are described: variables, a folder of files, the settings file. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sluiceError } from '../errors.ts'
import { parseText } from '../settings/parse.ts'

export interface ConnectionPlaces {
  /** `SLUICE_CONNECTION_<NAME>`, by the name in lower case: JSON. */
  variables: ReadonlyMap<string, string>
  /** `SLUICE_CONNECTIONS`: a folder with a file for each, as a mounted secret is. */
  folder: string | null
  /** Those of the settings file. */
  settings: Readonly<Record<string, unknown>>
}

/** A connection as it is written down. */
export interface Described {
  name: string
  /** Where it is written down, for people. */
  from: string
  /** What it says, or why that cannot be read. */
  read(): Promise<{ value: unknown } | { problem: string }>
}

const bytesMax = 1024 * 1024

/** All of them. One that is described twice is taken from the variable, then from the folder. */
export async function describedIn(places: ConnectionPlaces): Promise<Map<string, Described>> {
  const all = [
    ...Object.entries(places.settings).map(([name, value]) => ({
      name,
      from: 'the settings file',
      read: async () => ({ value }),
    })),
    ...(places.folder === null ? [] : await inFolder(places.folder)),
    ...[...places.variables].map(([name, text]) => ({
      name,
      from: `SLUICE_CONNECTION_${name.toUpperCase()}`,
      read: async () => parsed(text),
    })),
  ]
  return new Map(all.map((each) => [each.name, each]))
}

async function inFolder(folder: string): Promise<Described[]> {
  const names = await readdir(folder).catch(() => [])
  // A mounted secret has hidden folders of its own beside its files.
  return names
    .filter((file) => !file.startsWith('.'))
    .sort()
    .map((file) => ({
      name: file.replace(/\.(json|ya?ml)$/, ''),
      from: join(folder, file),
      read: () => readOne(join(folder, file)),
    }))
}

async function readOne(path: string) {
  try {
    const bytes = await readFile(path)
    return bytes.length > bytesMax ? { problem: 'it is larger than 1 MiB' } : parsed(`${bytes}`)
  } catch (error) {
    return { problem: `it cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
}

/** What is wrong with the text is told without it: it may be a secret. */
function parsed(text: string): { value: unknown } | { problem: string } {
  const problem = 'it is neither JSON nor YAML'
  try {
    return {
      value: parseText(text, (fault) =>
        sluiceError('connection_invalid', { name: 'that is read', problem: fault }),
      ),
    }
  } catch {
    return { problem }
  }
}
