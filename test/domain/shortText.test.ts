/** Texts in the Temporal Web UI are bounded and clean, whatever a file is named. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inMarkdown, shortSize, shortText } from '../../src/domain/shortText.ts'
import { anyText } from '../anyText.ts'

test('a short name is itself, of a long one the end is kept', () => {
  expect(shortText('2024/trips.csv')).toBe('2024/trips.csv')
  const long = shortText(`${'a'.repeat(5_000_000)}-07.csv`)
  expect(long).toHaveLength(80)
  expect(long).toMatch(/^…a+-07\.csv$/)
})

test('what would act is shown', () => {
  expect(shortText('a\u001b[2J\n\u202eb')).toBe('a\\x1b[2J\\n\\u{202e}b')
  expect(inMarkdown('![x](http://a) `b` <img>', 100)).toBe('\\!\\[x\\](http://a) \\`b\\` \\<img\\>')
})

test('any text: bounded, well-formed, without control characters', () => {
  const texts = anyText({ maxLength: 400 })
  fc.assert(
    fc.property(texts, fc.integer({ min: 2, max: 100 }), (text, max) => {
      for (const shown of [shortText(text, max), inMarkdown(text, max)]) {
        expect(Buffer.from(shown, 'utf8').toString('utf8')).toBe(shown)
        expect(shown).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u)
      }
      expect(shortText(text, max).length).toBeLessThanOrEqual(2 * max)
      expect(inMarkdown(text, max).length).toBeLessThanOrEqual(9 * max)
    }),
  )
})

test('sizes', () => {
  expect([0, 999, 1000, 8_400_000, 123_456_789].map(shortSize)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '8.4 MB',
    '123 MB',
  ])
})
