/** Where rows of a target came from. */
import { Type } from 'typebox'
import { where as findWhere, Origins } from '../../ingests/where.ts'
import type { ApiDeps, App } from '../deps.ts'
import { problems } from '../schemas.ts'

const description = `
Says for rows of a table which ingest, file and line they came from. The columns \`_ingest\`, \`_file\` and
\`_line\` tell, where the table has them; otherwise an ingest with \`target.undo\` tells that a row is its
own, until its time has passed. \`row\` is a condition in SQL over the columns of the table.`

export const where = (deps: ApiDeps) => async (app: App) => {
  app.get('/v1/where', {
    schema: {
      tags: ['ingests'],
      summary: 'Show where rows came from',
      description,
      querystring: Type.Object(
        {
          table: Type.String({ minLength: 1, maxLength: 260 }),
          row: Type.String({ minLength: 1, maxLength: 4000, examples: ['id = 7'] }),
        },
        { additionalProperties: false },
      ),
      response: {
        200: Origins,
        ...problems('table_name_invalid', 'target_reserved', 'table_unknown', 'sql_refused'),
      },
    },
    handler: ({ query }) => findWhere(deps, query),
  })
}
