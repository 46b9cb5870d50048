/** The units of an ingest with their receipts. */
import { Type } from 'typebox'
import { orNull } from '../../domain/schema.ts'
import { showUnit, Unit } from '../../ingests/unitView.ts'
import { mustExistAsOne } from '../../postgres/ledger/parts.ts'
import { listUnits } from '../../postgres/ledger/units.ts'
import type { ApiDeps, App } from '../deps.ts'
import { IngestParams, Limit, problems } from '../schemas.ts'

export const units =
  ({ db }: ApiDeps) =>
  async (app: App): Promise<void> => {
    app.get('/v1/ingests/:id/units', {
      schema: {
        tags: ['ingests'],
        summary: 'List the units of an ingest',
        params: IngestParams,
        querystring: Type.Object(
          {
            limit: Limit(1000, 100),
            after: Type.Optional(
              Type.Integer({
                minimum: 0,
                maximum: 2_147_483_647,
                description: '`next` of the page before.',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ units: Type.Array(Unit), next: orNull(Type.String()) }),
          ...problems('ingest_not_found', 'several_targets'),
        },
      },
      handler: async ({ params: { id }, query: { limit = 100, after = -1 } }) => {
        await mustExistAsOne(db, id, 'a list of units')
        const page = await listUnits(db, id, { limit, after })
        const last = page.at(-1)?.unitNo
        const next = page.length === limit && last !== undefined ? String(last) : null
        return { units: page.map(showUnit), next }
      },
    })
  }
