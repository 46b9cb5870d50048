/**
 * Writes the pages that come from the code, so that they cannot drift: errors.md from the tables of
 * errors, options.md from those of options, glossary.md from the words, and the options on the pages of
 * formats. Run it with `npm run docs`.
 *
 * `--check` writes nothing, and ends with 1 when a page is not what would be written.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formats } from '../src/formats/index.ts'
import { errorsPage } from './errorsPage.ts'
import { withOptions } from './formatOptions.ts'
import { glossaryPage } from './glossaryPage.ts'
import { optionsPage } from './optionsPage.ts'

/** Each makes its page, of what is there. */
const pages: Record<string, (page: string) => string> = {
  'errors.md': errorsPage,
  'options.md': optionsPage,
  'glossary.md': glossaryPage,
  'ndjson.md': (page) => withOptions(page, 'ndjson', formats.ndjson.options),
  'json.md': (page) => withOptions(page, 'json', formats.json.options),
  'avro.md': (page) => withOptions(page, 'avro', formats.avro.options),
  'fixed.md': (page) => withOptions(page, 'fixed', formats.fixed.options),
  'xlsx.md': (page) => withOptions(page, 'xlsx', formats.xlsx.options),
}
const isCheck = process.argv.includes('--check')
for (const [name, pageOf] of Object.entries(pages)) {
  const path = join(import.meta.dirname, name)
  const page = (await readFile(path, 'utf8').catch(() => '')).replaceAll('\r\n', '\n')
  const wanted = pageOf(page)
  if (!isCheck) await writeFile(path, wanted)
  else if (page !== wanted) {
    process.stderr.write(`docs/${name} is stale: run npm run docs\n`)
    process.exitCode = 1
  }
}
