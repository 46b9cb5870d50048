/** The steps of an ingest: what was done to which file, and what came of it. */
import { Type } from 'typebox'
import { StepPage, showStep } from '../../ingests/stepView.ts'
import { mustExist } from '../../postgres/ledger/ingests.ts'
import { listSteps } from '../../postgres/ledger/steps.ts'
import type { ApiDeps, App } from '../deps.ts'
import { IngestParams, Limit, problems } from '../schemas.ts'

const pageKey = '^\\d{1,9}\\.\\d{1,3}$'

export const steps =
  ({ db }: ApiDeps) =>
  async (app: App): Promise<void> => {
    app.get('/v1/ingests/:id/steps', {
      schema: {
        tags: ['ingests'],
        summary: 'List the steps of an ingest, by file',
        description: 'Those that have failed or finished; a step under way is an active task.',
        params: IngestParams,
        querystring: Type.Object(
          {
            limit: Limit(1000, 100),
            after: Type.Optional(
              Type.String({ pattern: pageKey, description: '`next` of the page before.' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: StepPage,
          ...problems('ingest_not_found'),
        },
      },
      handler: async ({ params: { id }, query: { limit = 100, after = '-1.-1' } }) => {
        await mustExist(db, id)
        const [fileNo = -1, stepNo = -1] = after.split('.').map(Number)
        const page = await listSteps(db, id, { limit, after: { fileNo, stepNo } })
        const last = page.at(-1)
        const next = last && page.length === limit ? `${last.fileNo}.${last.stepNo}` : null
        return { steps: page.map(showStep), next }
      },
    })
  }
