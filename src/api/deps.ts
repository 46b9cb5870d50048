/** What the routes work with. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Client } from '@temporalio/client'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Logger } from '../log.ts'
import type { Db } from '../postgres/db.ts'
import type { Settings } from '../settings.ts'
import type { Stage } from '../stage/stage.ts'
import type { Patience } from './patience.ts'

export interface ApiDeps {
  db: Db
  temporal: Client
  stage: Stage
  /** Whether the Temporal server knows our search attributes. */
  attributes: boolean
  /** What a directory source asks for; null: nothing. */
  token: string | null
  /** The address of the Temporal Web UI; null when nobody said. */
  uiUrl: string | null
  namespace: string
  /** Routes and time limits that hold for every ingest. */
  settings: Settings
  log: Logger
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
