/**
 * Writes the pages that come from the code, so that they cannot drift: errors.md from the tables of
 * errors, options.md from those of options, glossary.md from the words. Run it with `npm run docs`.
 *
 * `--check` writes nothing, and ends with 1 when a page is not what would be written.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorsPage } from './errorsPage.ts'
import { glossaryPage } from './glossaryPage.ts'
import { optionsPage } from './optionsPage.ts'

const pages = { 'errors.md': errorsPage, 'options.md': optionsPage, 'glossary.md': glossaryPage }
const isCheck = process.argv.includes('--check')
for (const [name, pageOf] of Object.entries(pages)) {
  const path = join(import.meta.dirname, name)
  const wanted = pageOf()
  if (!isCheck) await writeFile(path, wanted)
  else if ((await readFile(path, 'utf8').catch(() => '')).replaceAll('\r\n', '\n') !== wanted) {
    process.stderr.write(`docs/${name} is stale: run npm run docs\n`)
    process.exitCode = 1
  }
}
