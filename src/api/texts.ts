/**
 * Texts that no part of Sluice can keep: PostgreSQL has no NUL, and UTF-8 no half of a surrogate
 * pair. They are refused where a request comes in, with the place they stand at.
 */

/**
 * What is wrong with the texts of a value: `target.table holds a NUL character (\u0000)`.
 * @param value parsed from JSON, which src/settings/json.ts does not let nest deeply
 * @returns the first fault, or null
 */
export function faultOfTexts(value: unknown, at = ''): string | null {
  if (typeof value === 'string') {
    const fault = faultOf(value)
    return fault && `${at || 'it'} holds ${fault}`
  }
  if (Array.isArray(value)) {
    return firstFault(value.entries(), ([index, each]) => faultOfTexts(each, `${at}[${index}]`))
  }
  if (value === null || typeof value !== 'object') return null
  return firstFault(Object.entries(value), ([key, each]) => {
    const fault = key === '__proto__' ? 'the name __proto__' : faultOf(key)
    if (fault) return `${at || 'it'} has a name that holds ${fault}`
    return faultOfTexts(each, at ? `${at}.${key}` : key)
  })
}

function firstFault<T>(each: Iterable<T>, faultIn: (one: T) => string | null): string | null {
  for (const one of each) {
    const fault = faultIn(one)
    if (fault) return fault
  }
  return null
}

function faultOf(text: string): string | null {
  if (text.includes('\0')) return 'a NUL character (\\u0000)'
  return /\p{Surrogate}/u.test(text) ? 'half of a surrogate pair (\\ud800 to \\udfff)' : null
}
