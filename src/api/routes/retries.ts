/** Rejects on their way into the target after all. */
import { Type } from 'typebox'
import { UploadName } from '../../domain/upload.ts'
import { submitRetry } from '../../ingests/retry.ts'
import { RetryNow, showRetry, viewRetry } from '../../ingests/retryView.ts'
import { mustExist } from '../../postgres/ledger/ingests.ts'
import { listRetries } from '../../postgres/ledger/retries.ts'
import { IngestId } from '../../spec/spec.ts'
import type { ApiDeps, App } from '../deps.ts'
import { IngestParams, problems } from '../schemas.ts'

const tags = ['ingests']

const description = `
Loads the open rejects of a completed ingest into its target, exactly once. Without \`upload\` all of
them are tried as they are: the table was changed meanwhile. With it, those that the upload names: the
CSV of \`GET /v1/ingests/:id/rejects?format=csv\` with a corrected \`raw\`. Rows that are left out stay
rejects, and so does a row that the target refuses again, with the new error.`

export const retries = (deps: ApiDeps) => async (app: App) => {
  app.post('/v1/ingests/:id/retry-rejects', {
    schema: {
      tags,
      summary: 'Load rejects again',
      description,
      params: IngestParams,
      body: Type.Object(
        {
          upload: Type.Optional(UploadName),
        },
        { additionalProperties: false },
      ),
      response: {
        202: RetryNow,
        ...problems(
          'ingest_not_found',
          'several_targets',
          'upload_not_found',
          'stage_unavailable',
          'stage_refused',
          'retry_too_early',
          'retry_unpublished',
          'rejects_none_open',
          'retry_not_found',
          'temporal_unavailable',
        ),
      },
    },
    handler: async ({ params: { id }, body: { upload = null } }, reply) => {
      const order = await submitRetry(deps, id, upload)
      const view = await viewRetry(deps, order)
      return reply.code(202).header('location', view.links.self).send(view)
    },
  })

  app.get('/v1/ingests/:id/retries', {
    schema: {
      tags,
      summary: 'List the retries of an ingest that have ended well',
      params: IngestParams,
      response: {
        200: Type.Object({ retries: Type.Array(RetryNow) }),
        ...problems('ingest_not_found'),
      },
    },
    handler: async ({ params: { id } }) => {
      await mustExist(deps.db, id)
      const views = await listRetries(deps.db, id)
      return { retries: views.map((view) => showRetry(id, view)) }
    },
  })

  app.get('/v1/ingests/:id/retries/:retry', {
    schema: {
      tags,
      summary: 'Show a retry',
      params: Type.Object({
        id: IngestId,
        retry: Type.String({ pattern: '^retry-\\d{1,9}(-[0-9a-f]{8})?$' }),
      }),
      response: {
        200: RetryNow,
        ...problems('ingest_not_found', 'retry_not_found', 'temporal_unavailable'),
      },
    },
    handler: async ({ params: { id, retry } }) => {
      await mustExist(deps.db, id)
      return viewRetry(deps, { ingestId: id, retryId: retry })
    },
  })
}
