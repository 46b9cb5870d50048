/** Texts with `{name}` in them: the compiler knows the names, and they are filled in here. */

export type Names<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never

/** A value for each name in a text. */
export type Params<T extends string> = Record<Names<T>, string | number>

/** What others said. */
const sentences = ['problem', 'first']

/** `{count} rows` of a text, where the count is 1. */
const counted =
  /\{(\w+)\} ((?:empty )?(?:row|record|line|file|value|column|field|name|unit|reject|byte))s\b/g

const inNumber = (text: string, params: Record<string, string | number>): string =>
  text.replace(counted, (found, name: string, noun: string) =>
    String(params[name]) === '1' ? `{${name}} ${noun}` : found,
  )

/**
 * A sentence that brings a full stop of its own takes the place of the text's.
 * @param mark sets the values off from the words of the text
 */
export const fill = (
  text: string,
  params: Record<string, string | number>,
  mark = (value: string): string => value,
): string =>
  inNumber(text, params).replace(/\{(\w+)\}(\.?)/g, (found, name: string, stop: string) => {
    const value = params[name]
    if (value === undefined) return found
    const hasStop = sentences.includes(name) && String(value).endsWith('.')
    return `${mark(String(value))}${hasStop ? '' : stop}`
  })
