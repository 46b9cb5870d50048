/** The error table as a page: /docs/errors. */
import { errorSections, type Section } from '../errors/sections.ts'

const style = `body{font:15px/1.5 system-ui;margin:2rem}td,th{padding:.3rem .8rem;text-align:left;
vertical-align:top}tr:target{background:#fe9}`

const intro =
  'A code is stable: it is never used again for another meaning. Those without a status are no ' +
  'answers of the API. The messages are examples: what is in {italics} differs each time.'

export const errorsPage = (): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sluice: errors</title><style>${style}</style>
<h1>Errors</h1><p>${inline(intro)}</p>
${errorSections().map(section).join('\n')}
</html>`

const section = ({ title, meaning, head, rows }: Section): string => `<h2>${title}</h2>
<p>${inline(meaning)}</p>
<table><tr>${head.map((name) => `<th>${name}`).join('')}
${rows.map(row).join('\n')}
</table>`

const row = ({ id, cells }: Section['rows'][number]): string =>
  `<tr${id ? ` id="${id}"` : ''}>${cells.map((cell) => `<td>${inline(cell)}`).join('')}`

const inline = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/`([^`]*)`/g, '<code>$1</code>')
    .replace(/\{([^{}]*)\}/g, '<i>$1</i>')
