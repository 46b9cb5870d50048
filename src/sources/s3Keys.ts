/** Which keys of a bucket a folder or a glob stands for. */
import { type Glob, parseGlob, splitGlob } from '../domain/glob.ts'
import { showAddress } from '../s3/address.ts'
import type { S3Client } from '../s3/client.ts'
import { type Listed, type Listing, listObjects } from '../s3/list.ts'
import type { OnLeftOut } from './source.ts'

type Refuse = (problem: string) => Error

/** How keys are found: what they begin with, and which of these are meant. */
export type Keys = Pick<Listing, 'prefix' | 'byFolders' | 'unwantedAt'> & {
  matches(key: string): boolean
}

interface Finding {
  bucket: string
  keys: Keys
  /** What they were called by. */
  name: string
}

/** @throws store_refused, source_unavailable */
export async function* findKeys(
  client: S3Client,
  { bucket, keys, name }: Finding,
  { signal, onLeftOut }: { signal: AbortSignal; onLeftOut: OnLeftOut | undefined },
): AsyncGenerator<Listed> {
  const leave = (key: string, why: string) => onLeftOut?.(showAddress({ bucket, key }), why)
  for await (const entry of listObjects(client, { bucket, name, ...keys }, signal)) {
    if ('folder' in entry) leave(entry.folder, 'a folder in the folder')
    else if (isMarker(entry, keys.prefix)) continue
    else if (keys.matches(entry.key)) yield entry
    else leave(entry.key, entry.key.endsWith('/') ? 'its key ends with a slash' : 'hidden')
  }
}

/** Consoles and Hadoop write an empty object for a folder. */
const isMarker = ({ key, sizeBytes }: Listed, prefix: string): boolean =>
  sizeBytes === 0 && (key === prefix || key.endsWith('/') || key.endsWith('_$folder$'))

/** What lies in a folder itself. */
export function keysOfFolder(key: string): Keys {
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`
  const isHidden = (name: string) => name.startsWith('.')
  return {
    prefix,
    byFolders: true,
    matches: (each) => !each.endsWith('/') && !isHidden(each.slice(prefix.length)),
  }
}

/** @throws what `refuse` makes of a glob that cannot be read */
export function keysOfGlob(text: string, refuse: Refuse): Keys {
  const { base, below, begin } = splitGlob(text, refuse) ?? { base: '', below: text, begin: '' }
  const glob = parseGlob(below, 'keys', refuse)
  return {
    prefix: begin,
    byFolders: !below.includes('/') && !below.includes('**'),
    matches: (key) => !key.endsWith('/') && glob.matches(key.slice(base.length)),
    unwantedAt: (key) => deadFolder(glob, key, base.length),
  }
}

export const isGlob = (key: string, refuse: Refuse): boolean => splitGlob(key, refuse) !== null

/** The first folder on the way to a key in which nothing can match. */
function deadFolder(glob: Glob, key: string, from: number): string | null {
  for (let at = key.indexOf('/', from); at >= 0; at = key.indexOf('/', at + 1)) {
    if (!glob.mayBegin(key.slice(from, at + 1))) return key.slice(0, at + 1)
  }
  return null
}
