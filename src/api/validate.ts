/**
 * Validation against the route schemas, with problems that a person can act on.
 *
 * A union is the hard part: ten lines say what each branch would have wanted. Here the branch that
 * was meant is found first, by its `kind` or by the type of the value, and only it is explained.
 */
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Settings } from 'typebox/system'
import { Value } from 'typebox/value'
import { sluiceError } from '../errors.ts'
import { faultOfTexts } from './texts.ts'

type Schema = TSchema & Record<string, unknown>

const problemsMax = 5

/** A name in a request may be as long as the request. */
const problemChars = 1000

/** Bodies are taken as they are; the texts of queries and addresses become numbers first. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart, url }) => {
  const compiled = Compile(schema)
  const isSpec = httpPart === 'body' && url === '/v1/ingests'
  const refuse = (problem: string) => {
    const shown = problem.length > problemChars ? `${problem.slice(0, problemChars)}…` : problem
    return {
      error: sluiceError(isSpec ? 'spec_invalid' : 'request_invalid', { problem: shown }),
    }
  }
  return (value: unknown) => {
    const given = value === undefined ? {} : value
    const fault = twice(given, httpPart) ?? faultOfTexts(given)
    if (fault) return refuse(fault)
    const filled = httpPart === 'body' ? given : Value.Default(schema, fromTexts(schema, given))
    if (compiled.Check(filled)) return { value: filled }
    const problems = problemsOf(schema, filled)
    const shown = problems.slice(0, problemsMax).join('; ')
    return refuse(problems.length > problemsMax ? `${shown}; …` : shown)
  }
}

/** A parameter of a query that comes twice is a list, and it is not for us to choose. */
function twice(given: unknown, httpPart: string | undefined): string | null {
  if (httpPart !== 'querystring') return null
  const name = Object.entries(given as object).find(([, value]) => Array.isArray(value))?.[0]
  return name === undefined ? null : `${name} is given more than once`
}

/** What is no number of plain digits, and neither true nor false, stays a text and is refused. */
function fromTexts(schema: TSchema, given: unknown): unknown {
  const { properties = {} } = schema as { properties?: Record<string, Schema> }
  return Object.fromEntries(
    Object.entries(given as Record<string, unknown>).map(([name, value]) => [
      name,
      fromText(Object.hasOwn(properties, name) ? properties[name] : undefined, value),
    ]),
  )
}

function fromText(schema: Schema | undefined, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (schema?.type === 'integer' && /^-?\d{1,15}$/.test(value)) return Number(value)
  if (schema?.type === 'boolean' && /^(true|false)$/.test(value)) return value === 'true'
  return value
}

/**
 * Each problem as `where what`: `source.uploads[0] must match …`.
 * @param at a JSON pointer to the value, from where people count
 */
function problemsOf(schema: TSchema, value: unknown, at = ''): string[] {
  // The library stops at eight, and the branches of a union count.
  Settings.Set({ maxErrors: 100 })
  const problems: string[] = []
  for (const { keyword, schemaPath, instancePath, params, message } of Value.Errors(
    schema,
    value,
  )) {
    // `boolean` comes along with `additionalProperties`, which names the property.
    if (/\/anyOf\/\d/.test(schemaPath) || keyword === 'boolean') continue
    const part = follow(schema, schemaPath.replace(/^#/, '')) as Schema
    const where = at + instancePath
    if (keyword === 'anyOf') {
      problems.push(...problemsOfUnion(part, follow(value, instancePath), where))
    } else problems.push(`${dotted(where)} ${inWords(part, keyword, { params, message })}`)
  }
  return problems.length > 0 ? problems : ['it does not match its schema']
}

function problemsOfUnion(union: Schema, value: unknown, at: string): string[] {
  const where = dotted(at)
  const branches = union.anyOf as Schema[]
  const constants = branches.map((branch) => branch.const)
  if (constants.every((each) => each !== undefined)) {
    return [`${where} must be one of ${list(constants)}`]
  }
  const kinds = branches.map((branch) => (branch.properties as Record<string, Schema>)?.kind?.const)
  if (kinds.every((each) => each !== undefined)) {
    if (value === null || typeof value !== 'object') return [`${where} must be an object`]
    const meant = kinds.indexOf((value as { kind?: never }).kind as never)
    if (meant < 0) return [`${dotted(`${at}/kind`)} must be one of ${list(kinds)}`]
    return problemsOf(branches[meant] as Schema, value, at)
  }
  const sameType = branches.find((branch) => branch.type === typeOf(value))
  if (sameType && !union.description) return problemsOf(sameType, value, at)
  if (union.description) return [`${where} does not fit: ${union.description}`]
  return [`${where} must be ${branches.map(({ type }) => article(type as string)).join(' or ')}`]
}

function inWords(
  part: Schema,
  keyword: string,
  { params, message }: { params: object; message: string },
): string {
  const { requiredProperties, additionalProperties } = params as Record<string, string[]>
  if (requiredProperties) return `lacks ${requiredProperties.join(', ')}`
  if (additionalProperties) return `has the unknown ${list(additionalProperties)}`
  if (keyword === 'type') return `must be ${article(part.type as string)}`
  if (keyword === 'enum') return `must be one of ${list(part.enum as string[])}`
  if (keyword === 'pattern' && part.description) return `${message} (${part.description})`
  return message
}

function article(type: string): string {
  if (type === 'null') return type
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}

const list = (values: unknown[]): string => values.map((each) => JSON.stringify(each)).join(', ')

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

/** `/source/uploads/0` → `source.uploads[0]`. */
const dotted = (pointer: string): string =>
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
