/**
 * What is wrong with a value, by its schema, in words that a person can act on: each problem begins
 * with its place, as in `routes[0].queue does not fit: …`.
 *
 * A union is the hard part: for each of its branches the library says what that one would want.
 * Here the branch that was meant is found first, by its `kind` or by the type of the value, and
 * only that one is explained.
 */
import type { TSchema } from 'typebox'
import { Settings } from 'typebox/system'
import { Value } from 'typebox/value'

type Schema = TSchema & Record<string, unknown>
type Fault = ReturnType<typeof Value.Errors>[number]

const problemsMax = 5

/** The first problems, as one text; null when the value is as the schema says. */
export function problemOf(schema: TSchema, value: unknown): string | null {
  const problems = problemsOf(schema, value, '')
  if (problems.length === 0) return null
  const shown = problems.slice(0, problemsMax).join('; ')
  return problems.length > problemsMax ? `${shown}; …` : shown
}

/** @param at a JSON pointer to the value, from where people count */
function problemsOf(schema: TSchema, value: unknown, at: string): string[] {
  // The library stops at eight, and the branches of a union count.
  Settings.Set({ maxErrors: 100 })
  const problems = new Map<string, string[]>()
  for (const fault of Value.Errors(schema, value)) {
    const { keyword, schemaPath, instancePath } = fault
    // `boolean` comes along with `additionalProperties`; what fails in a union is told below.
    if (keyword === 'boolean' || /\/anyOf\/\d/.test(schemaPath)) continue
    const where = at + instancePath
    const part = follow(schema, schemaPath.replace(/^#/, '')) as Schema
    // One for a place is enough: a text that is too short breaks its pattern as well.
    const place = keyword === 'additionalProperties' ? `${where}/*` : where
    problems.set(place, explain(part, fault, { where, value: follow(value, instancePath) }))
  }
  return [...problems.values()].flat()
}

interface At {
  where: string
  value: unknown
}

function explain(part: Schema, { keyword, params, message }: Fault, at: At): string[] {
  const place = dotted(at.where)
  const { additionalProperties, requiredProperties } = params as Record<string, string[]>
  if (additionalProperties) {
    const known = Object.keys(part.properties as object).join(', ')
    const only = known === '' ? '' : `, only ${known}`
    return additionalProperties.map(
      (name) => `${dotted(`${at.where}/${escaped(name)}`)} is not known here${only}`,
    )
  }
  if (requiredProperties) return [`${place} lacks ${requiredProperties.join(', ')}`]
  if (keyword === 'anyOf') return explainUnion(part, at)
  return [`${place} ${inWords(part, keyword, message)}`]
}

function explainUnion(union: Schema, { where, value }: At): string[] {
  const place = dotted(where)
  const branches = union.anyOf as Schema[]
  const constants = branches.map((branch) => branch.const)
  if (constants.every((each) => each !== undefined)) {
    return [`${place} must be one of ${list(constants)}`]
  }
  const kinds = branches.map((branch) => (branch.properties as Record<string, Schema>)?.kind?.const)
  if (kinds.every((each) => each !== undefined)) {
    if (value === null || typeof value !== 'object') return [`${place} must be an object`]
    const meant = kinds.indexOf((value as { kind?: never }).kind as never)
    if (meant < 0) return [`${dotted(`${where}/kind`)} must be one of ${list(kinds)}`]
    return problemsOf(branches[meant] as Schema, value, where)
  }
  const meant = branches.find((branch) => branch.type === typeOf(value))
  const isOuter = meant?.type === 'object' || meant?.type === 'array'
  if (meant && (isOuter || !union.description)) return problemsOf(meant, value, where)
  const wanted = wantedBy(union)
  const mayBeNull = branches.some(({ type }) => type === 'null')
  if (wanted !== null && (union.description || !mayBeNull))
    return [`${place} does not fit: ${wanted}`]
  return [`${place} must be ${branches.map(({ type }) => nounOf(type as string)).join(' or ')}`]
}

function inWords(part: Schema, keyword: string, message: string): string {
  if (keyword === 'type') return `must be ${nounOf(part.type as string)}`
  if (keyword === 'enum') return `must be one of ${list(part.enum as string[])}`
  const isOfText = keyword === 'pattern' || /Length$/.test(keyword)
  const wanted = isOfText ? wantedBy(part) : null
  return wanted === null ? message : `does not fit: ${wanted}`
}

/** What the descriptions of a schema say that it wants, as a part of a sentence. */
function wantedBy(part: Schema): string | null {
  const own = part.description as string | undefined
  const branches = own === undefined ? ((part.anyOf as Schema[]) ?? []) : []
  const texts = [own, ...branches.map(({ description }) => description as string | undefined)]
  const wanted = new Set(texts.filter((text) => text !== undefined).map(within))
  return wanted.size === 0 ? null : [...wanted].join(', or: ')
}

const within = (text: string): string =>
  (text.charAt(0).toLowerCase() + text.slice(1)).replace(/( If absent: .*)?\.?$/s, '')

const nouns: Record<string, string> = {
  string: 'a text',
  array: 'a list',
  object: 'an object',
  integer: 'an integer',
  null: 'null',
}

const nounOf = (type: string): string => nouns[type] ?? `a ${type}`

const list = (values: unknown[]): string => values.map((each) => JSON.stringify(each)).join(', ')

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

/** `/source/uploads/0` → `source.uploads[0]`; `it` for the whole. */
export const dotted = (pointer: string): string =>
  keysOf(pointer)
    .map((key, index) => (/^\d+$/.test(key) ? `[${key}]` : (index > 0 ? '.' : '') + key))
    .join('') || 'it'

/** The value that a JSON pointer leads to. */
const follow = (value: unknown, pointer: string): unknown =>
  keysOf(pointer).reduce((inner, key) => (inner as Record<string, unknown>)?.[key], value)

const keysOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
