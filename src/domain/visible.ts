/**
 * Texts of others for a terminal: what would move the cursor, change colours, ring, or turn the
 * direction of the text is shown in place of being done.
 */

const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Controls (C0, DEL, C1), line separators, and marks that change the direction. */
const acting = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

const shownAs = (char: string): string => {
  const code = char.charCodeAt(0)
  const hex = code.toString(16)
  return escapes[char] ?? (code < 256 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`)
}

/** `\x1b[2J` for the bytes that would empty the screen. */
export const visibleText = (text: string): string => text.replace(acting, shownAs)

/** A short text within a sentence: in the quotes that it does not have itself. */
export function quotedText(text: string): string {
  const quote = text.includes('"') && !text.includes("'") ? "'" : '"'
  return `${quote}${visibleText(text)}${quote}`
}

/** A visible text of several lines. */
export const visibleLines = (text: string): string => text.split('\n').map(visibleText).join('\n')

/** A value as JSON has it, with every text in it made visible; names too. */
export function visible<T>(value: T): T {
  if (typeof value === 'string') return visibleText(value) as T
  if (Array.isArray(value)) return value.map(visible) as T
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([name, each]) => [visibleText(name), visible(each)])
  return Object.fromEntries(entries) as T
}

/**
 * JSON for a terminal or a program: JSON.stringify leaves DEL, C1 and line separators as they
 * are, and an escape stands for the same text.
 */
export const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(acting, (char) =>
    char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
