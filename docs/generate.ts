/**
 * Writes the pages that come from the code, so that they cannot drift: errors.md, from the error
 * table. Run it with `node --import tsx docs/generate.ts`.
 *
 * `--check` writes nothing, and ends with 1 when a page is not what would be written.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorTable } from '../src/errors.ts'

type Kind = (typeof errorTable)[keyof typeof errorTable]['kind']

/** What each kind means for an ingest; in the order of the page. */
const kinds: Record<Kind, string> = {
  user: 'The request, the spec or the set-up is wrong. An ingest that meets one fails at once.',
  data: 'The files or the rows are not as they should be. An ingest that meets one fails at once.',
  transient:
    'Something is away for a while. The activity is tried again, after half a second at first and ' +
    'every 30 seconds at last, until it works or the ingest is cancelled.',
  capacity: 'Something is short: room, connections, locks. It is tried again in the same way.',
}

const intro = `<!-- Written by docs/generate.ts from src/errors.ts. Do not edit it by hand. -->

# Errors

Every error has a code, which is stable: it is never used again for another meaning. The API tells errors as
\`application/problem+json\` (RFC 9457) with \`code\`, \`detail\` (what is wrong) and \`hint\` (what to do about it), and
with the status of these tables. An ingest that failed has \`{code, message, hint}\` in \`sluice.ingests.error\`. The command
line prints the message and the hint to stderr, or with \`--json\` an object. A running API shows the same table at
\`/docs/errors\`. \`{…}\` stands for what the error is about.

The codes of single rows are in [csv.md](csv.md#reject-codes).
`

function errorsPage(): string {
  const sections = Object.entries(kinds).map(([kind, meaning]) => {
    const rows = Object.entries(errorTable).filter(([, row]) => row.kind === kind)
    const lines = rows.map(
      ([code, { status, message, hint }]) =>
        `| <a id="${code}"></a>\`${code}\` | ${status} | ${cell(message)} | ${cell(hint)} |`,
    )
    const head = '| code | status | message | what to do |\n|---|---|---|---|'
    return `## ${kind}\n\n${meaning}\n\n${head}\n${lines.join('\n')}\n`
  })
  return [intro, ...sections].join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

const path = join(import.meta.dirname, 'errors.md')
const wanted = errorsPage()
if (process.argv.includes('--check')) {
  const found = await readFile(path, 'utf8').catch(() => '')
  if (found.replaceAll('\r\n', '\n') !== wanted) {
    process.stderr.write('docs/errors.md is stale: run node --import tsx docs/generate.ts\n')
    process.exitCode = 1
  }
} else await writeFile(path, wanted)
