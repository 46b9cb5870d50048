/** What the name of a file says of its format. */
import type { NamedFile } from '../domain/clutter.ts'

/** @param extensions in lower case, without the point; one of a packing may stand behind them */
export function hasExtension({ name, member }: NamedFile, extensions: readonly string[]): boolean {
  const own = (member ?? name).toLowerCase().replace(/\.(gz|gzip|zst|zstd)$/, '')
  return extensions.includes(own.slice(own.lastIndexOf('.') + 1)) && own.includes('.')
}
