/** How the values of some flags are written in a shell. */

export const asciiChar = 'one character of ASCII; \\t is a tab'

/** Shells make a tab hard to write. */
export const unescaped = (text: string): string =>
  text === 'tab'
    ? '\t'
    : text
        .replaceAll('\\t', '\t')
        .replace(/\\x([0-9a-f]{2})/gi, (_, code: string) =>
          String.fromCharCode(Number.parseInt(code, 16)),
        )

export const quoteChar = (text: string): string => (text === 'none' ? '' : unescaped(text))
