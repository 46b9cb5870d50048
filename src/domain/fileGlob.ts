/** Globs over files wherever they lie: over their names, or over their paths where a glob has a `/`. */
import { parseGlob } from './glob.ts'
import type { Refuse } from './globSyntax.ts'

/** @throws what `refuse` makes of a problem of the glob */
export function parseFileGlob(pattern: string, refuse: Refuse): (name: string) => boolean {
  if (!pattern.includes('/')) {
    const glob = parseGlob(pattern, 'name', refuse)
    return (name) => glob.matches(name.slice(name.lastIndexOf('/') + 1))
  }
  // It begins anywhere, unless it begins at the root.
  const whole = pattern.startsWith('/') ? pattern : `/**/${pattern}`
  const glob = parseGlob(whole, 'path', refuse)
  return (name) => glob.matches(name.startsWith('/') ? name : `/${name}`)
}
