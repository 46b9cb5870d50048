/** Where compile.ts puts what it makes of an app. */
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../', import.meta.url))
export const dist = join(root, 'dist')

/** @param file absolute */
export const outputOf = (file: string): string =>
  join(dist, relative(root, file).replace(/\.ts$/, '.js'))
