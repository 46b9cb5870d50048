/** Texts as they are written behind a flag in a shell. */

export const inShell = (text: string): string =>
  /^[A-Za-z0-9./_-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** Takes the quotes away in which whole lines stand. */
export const unquoteLines = '`sed -E \'s/^"|"(\\r?)$/\\1/g; s/""/"/g\'`'

/** `--null '' --null n.v.`: all of them, for a flag that is given replaces what was there. */
export const nullFlags = (words: Iterable<string>): string =>
  [...new Set(words)].map((word) => `--null ${inShell(word)}`).join(' ')

/** `--delimiter ';'` as code; a tab has a word. */
export const delimiterFlag = (delimiter: string): string =>
  `\`--delimiter ${delimiter === '\t' ? 'tab' : `'${delimiter}'`}\``
