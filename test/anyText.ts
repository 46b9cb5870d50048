/** Texts of any characters. */
import fc from 'fast-check'

const codePoint = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map(
    (code) => String.fromCodePoint(code),
    (text) => (text as string).codePointAt(0) ?? -1,
  )

/**
 * As `fc.string({ unit: 'binary' })`, with the words that are dangerous in JavaScript among them. To
 * find these, that one makes a table of a million characters at each call, half a second of CPU.
 */
export const anyText = (length: { minLength?: number; maxLength?: number } = {}) =>
  fc.string({ unit: codePoint, ...length })
