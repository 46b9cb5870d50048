/** The version of this Sluice. */
import { readFileSync } from 'node:fs'

export const ownVersion: string = read()

function read(): string {
  // From dist/ it is one folder further up.
  for (const path of ['../package.json', '../../package.json']) {
    try {
      return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version
    } catch {}
  }
  return 'unknown'
}
