/** Ingests: take one in, show one, list them. */
import { Type } from 'typebox'
import { isOver } from '../../domain/words.ts'
import { awaitEnd } from '../../ingests/awaitEnd.ts'
import { viewCurrent } from '../../ingests/current.ts'
import { submit } from '../../ingests/submit.ts'
import { Accepted, IngestNow, IngestPage, linksOf, State, showIngest } from '../../ingests/view.ts'
import { listIngests } from '../../postgres/ledger/summary.ts'
import { IngestId, IngestSpec } from '../../spec/spec.ts'
import type { ApiDeps, App } from '../deps.ts'
import { clientGone } from '../gone.ts'
import { IngestParams, Limit, problems } from '../schemas.ts'
import { mustHoldToken } from '../token.ts'

const tags = ['ingests']

const Wait = Type.String({
  pattern: '^([1-9]|[1-5][0-9]|60)s$',
  description: 'Answers when the ingest has ended, or after this time: from 1s to 60s.',
  examples: ['10s'],
})

const refusals = [
  'spec_invalid',
  'table_name_invalid',
  'source_unsupported',
  'target_reserved',
  'token_missing',
  'dialect_invalid',
  'encoding_unknown',
  'upload_not_found',
  'ingest_conflict',
  'ingest_id_used',
  'target_id_used',
  'temporal_unavailable',
  'stage_unavailable',
  'stage_refused',
] as const

export const ingests = (deps: ApiDeps) => async (app: App) => {
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())

  app.post('/v1/ingests', {
    schema: {
      tags,
      summary: 'Start an ingest',
      description:
        'The id is the idempotency key: the same id with the same spec is the same ingest (200), ' +
        'with another spec it is refused (409). With `wait` the answer is the ingest with its result (200) ' +
        'if it has ended by then. A directory source asks the API of `sluice up` for its ' +
        'token, as `authorization: Bearer`.',
      querystring: Type.Object({ wait: Type.Optional(Wait) }, { additionalProperties: false }),
      body: IngestSpec,
      response: {
        200: Type.Union([IngestNow, Accepted]),
        202: Accepted,
        ...problems(...refusals),
      },
    },
    handler: async (request, reply) => {
      const gone = clientGone(request, reply)
      mustHoldToken(deps.token, request.body, request.headers.authorization)
      const { ingestId, state, isNew } = await submit(deps, request.body)
      const { wait } = request.query
      const links = linksOf(deps, ingestId)
      if (wait !== undefined) {
        const signal = AbortSignal.any([gone, closing.signal])
        const timeoutMs = 1000 * Number.parseInt(wait, 10)
        if (!isOver(state)) await awaitEnd(deps, ingestId, { timeoutMs, signal })
        const now = await viewCurrent(deps, ingestId)
        if (isOver(now.state)) return reply.code(200).header('location', links.self).send(now)
      }
      return reply
        .code(isNew ? 202 : 200)
        .header('location', links.self)
        .send({ id: ingestId, state, links })
    },
  })

  app.get('/v1/ingests', {
    schema: {
      tags,
      summary: 'List ingests, the newest first',
      description:
        'Without their specs, which GET /v1/ingests/:id shows. A page ends early where they are long.',
      querystring: Type.Object(
        {
          limit: Limit(200, 50),
          before: Type.Optional(IngestId),
          state: Type.Optional(State),
        },
        { additionalProperties: false },
      ),
      response: {
        200: IngestPage,
      },
    },
    handler: async ({ query: { limit = 50, before = null, state = null } }) => {
      const { ingests: found, isLast } = await listIngests(deps.db, { limit, before, state })
      const next = isLast ? null : (found.at(-1)?.ingestId ?? null)
      return { ingests: found.map((each) => showIngest(deps, each)), next }
    },
  })

  app.get('/v1/ingests/:id', {
    schema: {
      tags,
      summary: 'Show an ingest',
      description: 'Counts come from the receipts in the ledger, so they never run ahead of it.',
      params: IngestParams,
      response: { 200: IngestNow, ...problems('ingest_not_found') },
    },
    handler: ({ params: { id } }) => viewCurrent(deps, id),
  })
}
