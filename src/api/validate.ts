/** Validation against the route schemas, with problems that a person can act on. */
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { problemOf } from '../domain/schemaProblems.ts'
import { sluiceError } from '../errors.ts'
import { faultOfTexts } from './texts.ts'

type Schema = TSchema & Record<string, unknown>

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
    const given = value ?? {}
    const fault = twice(given, httpPart) ?? faultOfTexts(given)
    if (fault) return refuse(fault)
    const filled = httpPart === 'body' ? given : Value.Default(schema, fromTexts(schema, given))
    if (compiled.Check(filled)) return { value: filled }
    return refuse(problemOf(schema, filled) ?? 'it does not match its schema')
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
