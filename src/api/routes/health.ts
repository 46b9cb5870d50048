/** Is the process alive, and can it work? */
import { Type } from 'typebox'
import { messageOf, sluiceError } from '../../errors.ts'
import { databaseError } from '../../postgres/db.ts'
import type { ApiDeps, App } from '../deps.ts'
import { problemType, toProblem } from '../problem.ts'
import { problems } from '../schemas.ts'

const timeoutMs = 3000
const tags = ['operation']
const Ok = Type.Object({ status: Type.Literal('ok') })

export const health = (deps: ApiDeps) => async (app: App) => {
  app.get('/healthz', {
    schema: { tags, summary: 'The process is alive', response: { 200: Ok } },
    handler: () => ({ status: 'ok' as const }),
  })

  app.get('/readyz', {
    schema: {
      tags,
      summary: 'PostgreSQL and Temporal answer',
      response: {
        200: Ok,
        ...problems(
          'database_unavailable',
          'database_login',
          'database_not_ready',
          'pooler_refused',
          'too_busy',
          'temporal_unavailable',
        ),
      },
    },
    handler: async ({ url }, reply) => {
      const answers = await Promise.all([askDatabase(deps), askTemporal(deps)])
      const failed = answers.filter((error) => error !== null)
      if (!failed[0]) return { status: 'ok' as const }
      const detail = failed.map((error) => error.message).join(' ')
      const problem = { ...toProblem(failed[0], url, 503), detail }
      return reply
        .code(503 as never)
        .type(problemType)
        .send(problem as never)
    },
  })
}

async function askDatabase({ db }: ApiDeps) {
  try {
    await within(db.query('select 1'))
    return null
  } catch (error) {
    return databaseError(error)
  }
}

async function askTemporal({ temporal }: ApiDeps) {
  try {
    const question = temporal.withDeadline(Date.now() + timeoutMs, () =>
      temporal.workflowService.getSystemInfo({}),
    )
    await within(question)
    return null
  } catch (error) {
    const address = 'the server'
    return sluiceError('temporal_unavailable', { address, problem: messageOf(error) })
  }
}

async function within(answer: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs)
  })
  // A late answer may still fail. The time-out was reported then, and this error is ignored.
  answer.catch(() => {})
  await Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
