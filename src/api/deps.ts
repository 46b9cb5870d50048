/** What the routes work with. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Deaths } from '../domain/worker.ts'
import type { IngestsDeps } from '../ingests/deps.ts'
import type { Patience } from './patience.ts'

export interface ApiDeps extends IngestsDeps {
  /** What a directory source asks for; null: nothing. */
  token: string | null
  /** The workers that it found dead, if it looks for them. */
  deaths?: Deaths
  /** How long connections may be silent, if not as long as ordinarily. */
  patience?: Patience
}

/** A Fastify instance whose route schemas give the types of requests and replies. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>
