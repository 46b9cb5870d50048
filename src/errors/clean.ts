/** Text that can be stored and shown: no NUL, no control character, no half of a surrogate pair. */

/** Controls but the tab and the line end, halves of pairs, and what turns a text around. */
const unsafe = /[^\P{Cc}\n\t]|\p{Cs}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/**
 * Shows what a terminal would obey and PostgreSQL would refuse, as `\x1b`. Whatever makes a text of
 * other people's bytes calls it when the text is made, so that it can be written down later.
 */
export const cleanText = (text: string): string =>
  text.replace(unsafe, (char) => {
    const code = char.charCodeAt(0).toString(16)
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`
  })
