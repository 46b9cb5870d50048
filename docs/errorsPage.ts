/** errors.md: the error table, the exit codes and the reject codes. */
import { inMarkdown } from '../src/errors/examples.ts'
import { errorSections, type Section } from '../src/errors/sections.ts'

const intro = `<!-- Written by docs/generate.ts from src/errors.ts. Do not edit it by hand. -->

# Errors

Every error has a code, which is stable: it is never used again for another meaning. The API tells errors as
\`application/problem+json\` (RFC 9457) with \`code\`, \`detail\` (what is wrong) and \`hint\` (what to do about it), and
with the status of these tables. An ingest that failed has \`{code, message, hint}\` in \`sluice.ingests.error\`. The command
line prints the message and the hint to stderr, or with \`--json\` an object. A running API shows the same tables at
\`/docs/errors\`.

The messages are examples: what is in *italics* differs each time.

An error without a status is no answer of the API: a command tells it, or it is the reason why an attempt of an
activity ended. Retryable means that the same may work later: what a worker meets it tries again by itself, a
command ends. Before anything is installed there is no table yet: what \`bin/\` and \`scripts/\` say then has no code.
`

export const errorsPage = (): string => [intro, ...errorSections().map(show)].join('\n')

function show({ title, meaning, head, rows }: Section): string {
  const lines = rows.map(({ id, cells }) => {
    const anchor = id ? `<a id="${id}"></a>` : ''
    return `| ${anchor}${cells.map(cell).join(' | ')} |`
  })
  const rule = head.map(() => '---').join('|')
  return `## ${title}\n\n${meaning}\n\n| ${head.join(' | ')} |\n|${rule}|\n${lines.join('\n')}\n`
}

const cell = (text: string): string =>
  inMarkdown(text.replaceAll('|', '\\|').replaceAll('<', '&lt;'))
