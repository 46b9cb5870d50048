/** Schemas that several routes share. */
import { type TSchema, Type } from 'typebox'
import { IngestId } from '../domain/spec.ts'

export const IngestParams = Type.Object({ id: IngestId })

export const Limit = (max: number, preset: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: max, default: preset }))

export const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
export const count = (description: string) => Type.Integer({ minimum: 0, description })
export const time = (description: string) => Type.String({ format: 'date-time', description })

const Problem = Type.Object(
  {
    type: Type.String({ description: 'Where the code is explained.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What is wrong.' }),
    code: Type.String({ description: 'Stable; never reused for another meaning.' }),
    hint: Type.String({ description: 'What to do about it.' }),
    instance: Type.String(),
  },
  { description: 'A problem (RFC 9457).' },
)

/** The documented answers of a route when it fails. */
export const problems = (...statuses: number[]): Record<number, TSchema> =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      Type.Unsafe({
        description: 'A problem (RFC 9457).',
        content: { 'application/problem+json': { schema: Problem } },
      }),
    ]),
  )
