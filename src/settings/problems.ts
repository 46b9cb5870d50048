/** What is wrong with a value, by its schema: each problem with the JSON pointer to its place. */
import type { TSchema } from 'typebox'
import { Settings } from 'typebox/system'
import { Value } from 'typebox/value'

type Schema = TSchema & Record<string, unknown>
type Fault = ReturnType<typeof Value.Errors>[number]

const whole = 'the whole'

/** `/routes/0/queue: it must be …`; empty when the value is as the schema says. */
export function problemsOf(schema: TSchema, value: unknown, at = ''): string[] {
  // The library stops at eight, and the branches of a union count.
  Settings.Set({ maxErrors: 100 })
  const problems = new Map<string, string[]>()
  for (const fault of Value.Errors(schema, value)) {
    const { keyword, schemaPath, instancePath } = fault
    // `boolean` comes along with `additionalProperties`; what fails in a union is told below.
    if (keyword === 'boolean' || /\/anyOf\/\d/.test(schemaPath)) continue
    const where = at + instancePath
    const part = follow(schema, schemaPath.slice(1)) as Schema
    // One for a place is enough: a text that is too short breaks its pattern as well.
    const place = keyword === 'additionalProperties' ? `${where}/*` : where
    problems.set(place, explain(part, fault, { where, value: follow(value, instancePath) }))
  }
  return [...problems.values()].flat()
}

function explain(
  part: Schema,
  { keyword, params, message }: Fault,
  { where, value }: { where: string; value: unknown },
): string[] {
  const { additionalProperties, requiredProperties } = params as Record<string, string[]>
  if (additionalProperties) {
    const known = Object.keys(part.properties as object).join(', ')
    return additionalProperties.map(
      (name) => `${where}/${escaped(name)}: it is not known here, only ${known}`,
    )
  }
  if (requiredProperties) return [`${where || whole}: it lacks ${requiredProperties.join(', ')}`]
  if (keyword === 'anyOf') {
    const meant = (part.anyOf as Schema[]).find(({ type }) => type === typeOf(value))
    const isOuter = meant?.type === 'object' || meant?.type === 'array'
    if (meant && (isOuter || !part.description)) return problemsOf(meant, value, where)
  }
  return [`${where || whole}: it ${inWords(part, keyword, message)}`]
}

function inWords(part: Schema, keyword: string, message: string): string {
  if (keyword === 'type') return `must be ${nouns[part.type as string] ?? `a ${part.type}`}`
  const descriptions = [part, ...((part.anyOf as Schema[]) ?? [])].map((each) => each.description)
  const wanted = [...new Set(descriptions as (string | undefined)[])].filter(isText).map(within)
  if (/^(min|max)Items$/.test(keyword) || wanted.length === 0) return message
  return `must be ${part.description ? wanted[0] : wanted.join(', or: ')}`
}

const nouns: Record<string, string> = { string: 'a text', array: 'a list', object: 'an object' }

const isText = (text: string | undefined): text is string => text !== undefined

/** As part of a sentence. */
const within = (text: string): string =>
  text.charAt(0).toLowerCase() + text.slice(1, text.endsWith('.') ? -1 : undefined)

const typeOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

/** The value that a JSON pointer leads to. */
const follow = (value: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((inner, key) => (inner as Record<string, unknown>)?.[key], value)
