/** Schemas that several routes share. */
import { type TSchema, Type } from 'typebox'
import { inMarkdown, shownText } from '../errors/examples.ts'
import type { ErrorRow } from '../errors/row.ts'
import { type ErrorCode, errorTable } from '../errors.ts'
import { IngestId } from '../spec/spec.ts'

export const IngestParams = Type.Object({ id: IngestId })

export const Limit = (max: number, preset: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: max, default: preset }))

/** An error that the API may answer: its row has a status. */
export type HttpCode = {
  [C in ErrorCode]: (typeof errorTable)[C] extends { status: number } ? C : never
}[ErrorCode]

const Problem = (codes: readonly HttpCode[]) =>
  Type.Object({
    type: Type.String({ description: 'Where the code is explained.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What is wrong.' }),
    code: Type.Enum([...codes], { description: 'Stable; never reused for another meaning.' }),
    hint: Type.String({ description: 'What to do about it.' }),
    instance: Type.String(),
  })

const problemMedia = 'application/problem+json'

/** The documented answers of an address when it fails: by status, with the codes of each. */
export function problems(...codes: HttpCode[]): Record<number, TSchema> {
  const byStatus = new Map<number, Set<HttpCode>>()
  for (const code of codes) {
    const { status } = errorTable[code]
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code))
  }
  return Object.fromEntries([...byStatus].map(([status, set]) => [status, answer([...set])]))
}

const answer = (codes: readonly HttpCode[]) =>
  Type.Unsafe({
    description: codes.map(explained).join('\n\n'),
    content: { [problemMedia]: { schema: Problem(codes) } },
  })

function explained(code: HttpCode): string {
  const row: ErrorRow = errorTable[code]
  return `\`${code}\`: ${inMarkdown(shownText(row.message, row))}`
}

/** The codes that `problems` has put into one of its answers. */
export function codesOf(documented: TSchema): HttpCode[] {
  const { content } = documented as {
    content?: Record<string, { schema: ReturnType<typeof Problem> }>
  }
  return (content?.[problemMedia]?.schema.properties.code.enum ?? []) as HttpCode[]
}
