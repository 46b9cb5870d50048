/** Paths and globs that lead into archives: `2025.zip/*.csv` is for the members of one. */
import { type Glob, parseGlob } from './glob.ts'
import type { Refuse } from './globSyntax.ts'

/** Which members of an archive are meant. */
export interface Only extends Pick<Glob, 'matches' | 'mayBegin'> {
  /** As it was written. */
  text: string
}

/** The part of a path that ends like the name of an archive, and what stands behind it. */
const intoArchive = /^(.*?[^/]\.(?:zip|tar|tar\.gz|tgz|tar\.zst|tzst|xlsx|xlsm))\/(.+)$/is

/** @returns null for a path that has no archive in it, by its names */
export function splitMembers(path: string): { archive: string; members: string } | null {
  const [, archive, members] = intoArchive.exec(path) ?? []
  return archive !== undefined && members !== undefined ? { archive, members } : null
}

/** An upload has no folders in its name, so what stands behind a slash is for its members. */
export function splitUpload(upload: string): { name: string; members: string | null } {
  const at = upload.indexOf('/')
  return at < 0
    ? { name: upload, members: null }
    : { name: upload.slice(0, at), members: upload.slice(at + 1) }
}

/** Those members that one of the globs is for. @throws what `refuse` makes of a problem */
export function onlyOf(globs: readonly string[], refuse: Refuse): Only {
  const all = globs.map((each) => parseGlob(each, 'files', refuse))
  return {
    text: globs.join(', '),
    matches: (name) => all.some((glob) => glob.matches(name)),
    mayBegin: (name) => all.some((glob) => glob.mayBegin(name)),
  }
}
