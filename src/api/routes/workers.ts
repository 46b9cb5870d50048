/** The routes of workers: lists them with their tasks, and sends them commands. */
import { Type } from 'typebox'
import { CommandBody, Told, tellWorker } from '../../fleet/command.ts'
import { pick, seeActive, seeWorkers } from '../../fleet/fleet.ts'
import { ingestsMax, ScheduledTask, seeScheduled } from '../../fleet/scheduled.ts'
import { ActiveTask, Worker } from '../../fleet/view.ts'
import type { ApiDeps, App } from '../deps.ts'
import { problems } from '../schemas.ts'

const tags = ['workers']
const timeoutSecondsPreset = 10
const timeoutSecondsMax = 120
/** An answer must get out before the server takes the connection for dead. */
const slackMs = 10_000

const params = Type.Object({
  worker: Type.String({
    minLength: 1,
    maxLength: 300,
    description: 'Its name, or its instance where several living ones have the name.',
  }),
})

const commandsText = `
The command reaches that one worker, once, and the answer is the worker's own. A worker that does
not take it in time never will (504); one that has taken it goes on with it, whoever waits.`

export const workers = (deps: ApiDeps) => async (app: App) => {
  app.get('/v1/workers', {
    schema: {
      tags,
      summary: 'List the workers',
      description: 'Those that live, and those that went within the last ten minutes.',
      querystring: Type.Object(
        {
          all: Type.Optional(
            Type.Boolean({ description: 'Also those that have been gone for longer: for a day.' }),
          ),
        },
        { additionalProperties: false },
      ),
      response: { 200: Type.Object({ workers: Type.Array(Worker) }) },
    },
    handler: async ({ query: { all = false } }) => ({ workers: await seeWorkers(deps, { all }) }),
  })

  app.get('/v1/workers/:worker', {
    schema: {
      tags,
      summary: 'Show a worker',
      params,
      response: { 200: Worker, ...problems('worker_not_found', 'worker_ambiguous') },
    },
    handler: async ({ params: { worker } }) => pick(await seeWorkers(deps, { all: true }), worker),
  })

  app.get('/v1/active', {
    schema: {
      tags,
      summary: 'List the tasks that living workers have in hand, the oldest first',
      response: { 200: Type.Object({ tasks: Type.Array(ActiveTask) }) },
    },
    handler: async () => ({ tasks: await seeActive(deps) }),
  })

  app.get('/v1/scheduled', {
    schema: {
      tags,
      summary: 'List the activities that wait for their next attempt',
      description: `Of the newest ${ingestsMax} ingests that are under way.`,
      response: { 200: Type.Object({ tasks: Type.Array(ScheduledTask) }) },
    },
    handler: async () => ({ tasks: await seeScheduled(deps) }),
  })
}

export const commands = (deps: ApiDeps) => async (app: App) => {
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())

  app.post('/v1/workers/:worker/commands', {
    schema: {
      tags,
      summary: 'Tell a worker something',
      description: commandsText,
      params,
      querystring: Type.Object(
        {
          timeout: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: timeoutSecondsMax,
              default: timeoutSecondsPreset,
              description: 'How many seconds to wait for its answer.',
            }),
          ),
        },
        { additionalProperties: false },
      ),
      body: CommandBody,
      response: {
        200: Told,
        ...problems(
          'worker_not_found',
          'worker_ambiguous',
          'worker_gone',
          'command_refused',
          'command_unanswered',
        ),
      },
    },
    handler: async ({ params: { worker }, query, body, raw }, reply) => {
      const { timeout = timeoutSecondsPreset } = query
      raw.socket.setTimeout(timeout * 1000 + slackMs)
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const signal = AbortSignal.any([gone.signal, closing.signal])
      return tellWorker(deps, { worker, command: body, timeoutSeconds: timeout, signal })
    },
  })
}
