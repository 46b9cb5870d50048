/** The documentation at /docs: OpenAPI with a page to try it, and the error table. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { App } from './deps.ts'
import { errorsPage } from './errorsPage.ts'

const description = `
Brings data into PostgreSQL: every good row exactly once, every bad row kept with its reason.

1. \`PUT /v1/uploads/:name\` sends a file, unless the worker can read it where it lies.
2. \`POST /v1/ingests\` starts an ingest, which goes on whatever crashes.
3. \`GET /v1/ingests/:id/events\` follows it, \`GET /v1/ingests/:id/rejects\` shows what was refused.

Errors are problems (RFC 9457) with a stable \`code\`: see [/docs/errors](/docs/errors).`

/** Scripts and styles of our own only, so that the page works without a network. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

export async function docs(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Sluice', version: 'v1', description },
      tags: ['ingests', 'uploads', 'workers', 'queues', 'operation'].map((name) => ({ name })),
    },
  })
  await app.register(async (scope) => {
    scope.addHook('onSend', async (_request, reply) => {
      void reply.header('content-security-policy', policy)
    })
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      theme: { title: 'Sluice API' },
      uiConfig: { tryItOutEnabled: true, validatorUrl: null },
    })
    scope.get('/docs/errors', { schema: { hide: true } }, (_request, reply) =>
      reply.type('text/html; charset=utf-8').send(errorsPage()),
    )
  })
}
