/** The API as a Fastify app. It never listens: server.ts does, and tests need not. */
import { maxHeaderSize, STATUS_CODES } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type FastifyBaseLogger, fastify, LogController } from 'fastify'
import { sluiceError } from '../errors.ts'
import { readBodies } from './body.ts'
import type { ApiDeps, App } from './deps.ts'
import { docs } from './docs.ts'
import { documentShared } from './documented.ts'
import { guard } from './guard.ts'
import { refuseMethods } from './methods.ts'
import { metrics } from './metrics.ts'
import { ordinaryPatience, watchConnections } from './patience.ts'
import { pathOf, problemType, sendProblem, toProblem } from './problem.ts'
import { events } from './routes/events.ts'
import { health } from './routes/health.ts'
import { ingests } from './routes/ingests.ts'
import { budget, queues } from './routes/queues.ts'
import { rejects } from './routes/rejects.ts'
import { retries } from './routes/retries.ts'
import { steering } from './routes/steer.ts'
import { steps } from './routes/steps.ts'
import { undo } from './routes/undo.ts'
import { units } from './routes/units.ts'
import { uploads } from './routes/uploads.ts'
import { where } from './routes/where.ts'
import { commands, workers } from './routes/workers.ts'
import { validatorCompiler } from './validate.ts'

/** A spec may name thousands of uploads. */
const bodyBytesMax = 4 * 1024 * 1024
/** A client that neither sends nor takes anything for this long is gone. */
const silenceMs = 120_000

export async function buildApp(deps: ApiDeps): Promise<App> {
  const app: App = fastify({
    loggerInstance: deps.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    connectionTimeout: silenceMs,
    // An upload takes the time that it takes.
    requestTimeout: 0,
    // Longer than any name that is allowed, so that a bad one is told what is wrong.
    routerOptions: { maxParamLength: 16_384 },
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      sendProblem(error, { request, reply })
    },
    clientErrorHandler: refuseConnection,
  }).withTypeProvider<TypeBoxTypeProvider>()
  const letGo = watchConnections(app.server, deps.patience ?? ordinaryPatience)
  app.addHook('preClose', async () => letGo())
  app.setValidatorCompiler(validatorCompiler)
  // Replies are small; the schemas are for people, and JSON.stringify leaves nothing out.
  app.setSerializerCompiler(() => JSON.stringify)
  readBodies(app)
  app.setErrorHandler((error, request, reply) => sendProblem(error, { request, reply }))
  refuseMethods(app)
  documentShared(app)
  guard(app)
  logRequests(app)
  await docs(app)
  metrics(app, deps)
  const ofIngests = [
    uploads,
    ingests,
    steering,
    steps,
    units,
    rejects,
    retries,
    undo,
    where,
    events,
  ]
  const groups = [...ofIngests, workers, commands, queues, budget, health]
  for (const group of groups) await app.register(group(deps))
  return app
}

const quiet = /^\/(healthz|readyz|metrics|docs)/

function logRequests(app: App): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, log } = request
    const path = pathOf(request)
    const { statusCode: status, elapsedTime } = reply
    const level = quiet.test(path) ? 'debug' : 'info'
    const took = `${elapsedTime.toFixed(0)} ms`
    log[level]({ event: 'request', method, path, status }, `${method} ${path} ${status} ${took}`)
  })
}

/** What is no HTTP request at all, or ends before it is one. */
function refuseConnection(error: Error & { code?: string }, socket: import('node:net').Socket) {
  if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy()
  const isTooLong = error.code === 'HPE_HEADER_OVERFLOW'
  const problem = isTooLong
    ? `its path and its headers have more than ${maxHeaderSize} bytes together`
    : `it is not HTTP, or it ended too early (${error.code ?? 'unknown'})`
  const status = isTooLong ? 431 : 400
  const body = JSON.stringify(toProblem(sluiceError('request_invalid', { problem }), '', status))
  const head = `content-type: ${problemType}\r\ncontent-length: ${Buffer.byteLength(body)}`
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\nconnection: close\r\n\r\n${body}`,
  )
}
