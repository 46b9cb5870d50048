/** An ingest is taken back. */
import { Type } from 'typebox'
import { planUndo, submitUndo } from '../../ingests/undo.ts'
import { UndoNow, viewUndo } from '../../ingests/undoView.ts'
import type { ApiDeps, App } from '../deps.ts'
import { IngestParams, problems } from '../schemas.ts'

const tags = ['ingests']

const description = `
Takes an ingest with \`target.undo\` back, exactly once: rows that it added go, and those that it
replaced, updated or deleted are again as they were. Rows that somebody has changed or deleted since stay
as they are, and are counted and listed. The ingest is \`undone\` then, and its id may be used again. With
\`dryRun\` the answer (200) says what would become of which rows.`

const refusals = [
  'ingest_not_found',
  'several_targets',
  'undo_too_early',
  'undo_not_asked',
  'undo_expired',
  'undo_unpublished',
  'undo_impossible',
  'undo_not_found',
  'temporal_unavailable',
] as const

export const undo = (deps: ApiDeps) => async (app: App) => {
  app.post('/v1/ingests/:id/undo', {
    schema: {
      tags,
      summary: 'Take an ingest back',
      description,
      params: IngestParams,
      body: Type.Object({ dryRun: Type.Optional(Type.Boolean()) }, { additionalProperties: false }),
      response: { 200: UndoNow, 202: UndoNow, ...problems(...refusals) },
    },
    handler: async ({ params: { id }, body: { dryRun = false } }, reply) => {
      if (dryRun) return reply.code(200).send(await planUndo(deps, id))
      await submitUndo(deps, id)
      const view = await viewUndo(deps, id)
      const code = view.state === 'completed' ? 200 : 202
      return reply.code(code).header('location', view.links.self).send(view)
    },
  })

  app.get('/v1/ingests/:id/undo', {
    schema: {
      tags,
      summary: 'Show how far it is with taking an ingest back',
      params: IngestParams,
      response: {
        200: UndoNow,
        ...problems('ingest_not_found', 'undo_not_found', 'temporal_unavailable'),
      },
    },
    handler: ({ params: { id } }) => viewUndo(deps, id),
  })
}
