/** Secrets that stand elsewhere: `{"env": "API_TOKEN"}` or `{"file": "/run/secrets/token"}`. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

/** Reads a variable of this process. */
export type Variable = (name: string) => string | undefined

const bytesMax = 64 * 1024

interface Resolving {
  variable: Variable
  /** Makes an error of what is wrong with a place: it says the place, never what lies there. */
  refuse: (problem: string) => Error
}

/**
 * The same options with the secrets in their places.
 * @throws what `refuse` makes
 */
export async function withSecrets(value: unknown, resolving: Resolving): Promise<unknown> {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return Promise.all(value.map((each) => withSecrets(each, resolving)))
  const entries = Object.entries(value)
  const [[key, place] = [], ...others] = entries as [string, unknown][]
  const isPlace = others.length === 0 && typeof place === 'string'
  if (isPlace && key === 'env') return fromVariable(place, resolving)
  if (isPlace && key === 'file') return fromFile(place, resolving)
  const resolved = entries.map(async ([name, each]) => [name, await withSecrets(each, resolving)])
  return Object.fromEntries(await Promise.all(resolved))
}

function fromVariable(name: string, { variable, refuse }: Resolving): string {
  const text = variable(name)
  if (text) return text
  throw refuse(`the variable ${name} is not set`)
}

async function fromFile(path: string, { refuse }: Resolving): Promise<string> {
  const bytes = await readFile(resolve(path)).catch(({ code }: NodeJS.ErrnoException) => {
    throw refuse(`the file ${path} cannot be read (${code})`)
  })
  if (bytes.length > bytesMax) throw refuse(`the file ${path} is larger than 64 KiB`)
  // Editors and `echo` end a file with a line end.
  const text = bytes.toString().replace(/\r?\n$/, '')
  if (text === '') throw refuse(`the file ${path} is empty`)
  return text
}
