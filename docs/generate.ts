/**
 * Writes the pages that come from the code, so that they cannot drift: errors.md, from the error
 * table. Run it with `node --import tsx docs/generate.ts`.
 *
 * `--check` writes nothing, and ends with 1 when a page is not what would be written.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorsPage } from './errorsPage.ts'

const path = join(import.meta.dirname, 'errors.md')
const wanted = errorsPage()
if (process.argv.includes('--check')) {
  const found = await readFile(path, 'utf8').catch(() => '')
  if (found.replaceAll('\r\n', '\n') !== wanted) {
    process.stderr.write('docs/errors.md is stale: run node --import tsx docs/generate.ts\n')
    process.exitCode = 1
  }
} else await writeFile(path, wanted)
