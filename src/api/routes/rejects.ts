/** The rejects of an ingest: pages of JSON, or all of them as CSV. */
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { RejectPage } from '../../ingests/rejectView.ts'
import { mustExistAsOne } from '../../postgres/ledger/parts.ts'
import { eachReject, pageOfRejects } from '../../postgres/ledger/rejects.ts'
import { csvOf } from '../../rejects/export.ts'
import type { ApiDeps, App } from '../deps.ts'
import { IngestParams, Limit, problems } from '../schemas.ts'

const pageKey = '^\\d{1,9}:\\d{1,15}$'

const description = `
Pages of JSON, which end early where the rows are long (4 MiB), or with \`Accept: text/csv\` or \`format=csv\` every reject as one CSV file.

\`raw\` is exactly what the file had, so that it can be corrected and loaded again
(\`POST /v1/ingests/:id/retry-rejects\`). It is not made
harmless for spreadsheets: a cell that starts with \`=\`, \`+\`, \`-\` or \`@\` is a formula there. Import
the file with its columns as text.`

export const rejects =
  ({ db }: ApiDeps) =>
  async (app: App): Promise<void> => {
    app.get('/v1/ingests/:id/rejects', {
      schema: {
        tags: ['ingests'],
        summary: 'List the rejects of an ingest',
        description,
        produces: ['application/json', 'text/csv'],
        params: IngestParams,
        querystring: Type.Object(
          {
            limit: Limit(10_000, 100),
            after: Type.Optional(
              Type.String({ pattern: pageKey, description: '`next` of the page before.' }),
            ),
            all: Type.Optional(
              Type.Boolean({ description: 'Also those that were loaded after all.' }),
            ),
            format: Type.Optional(Type.Union([Type.Literal('json'), Type.Literal('csv')])),
          },
          { additionalProperties: false },
        ),
        response: {
          200: RejectPage,
          ...problems('ingest_not_found', 'several_targets'),
        },
      },
      handler: async ({ params: { id }, query, headers: { accept }, method }, reply) => {
        await mustExistAsOne(db, id, 'a list of rejects')
        const {
          limit = 100,
          after = '-1:0',
          all = false,
          format = /\btext\/csv\b/.test(accept ?? '') ? 'csv' : 'json',
        } = query
        if (format === 'csv') {
          const name = `attachment; filename="${id}-rejects.csv"`
          void reply.type('text/csv; charset=utf-8; header=present')
          void reply.header('content-disposition', name)
          if (method === 'HEAD') return reply.send('' as never)
          return reply.send(Readable.from(csvOf(eachReject(db, id, { all }), all)) as never)
        }
        const from = cursorOf(after)
        const { rejects: found, isLast } = await pageOfRejects(db, id, { limit, after: from, all })
        const page = found.map((each) => ({
          ...each,
          loadedAt: each.loadedAt?.toISOString() ?? null,
        }))
        const last = page.at(-1)
        const next = last && !isLast ? `${last.fileNo}:${last.line}` : null
        return { rejects: page, next }
      },
    })
  }

function cursorOf(after: string): { fileNo: number; line: number } {
  const [fileNo = -1, line = 0] = after.split(':').map(Number)
  return { fileNo, line }
}
