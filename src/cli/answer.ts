/** Asks an API: its problems, and that it does not answer, become errors. */
import { messageOf, SluiceError, sluiceError } from '../errors.ts'

/** @throws api_unavailable, and what the API says */
export async function answerOf(url: string, path: string, init?: RequestInit): Promise<Response> {
  const answer = await anyAnswerOf(url, path, init)
  if (answer.ok) return answer
  throw await problemOf(answer, url)
}

/** @returns also an answer that tells of a problem @throws api_unavailable */
export const anyAnswerOf = (url: string, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url + path, init).catch((error) => {
    // What is sent may be what failed.
    const own = [error, error.cause].find((each) => each instanceof SluiceError)
    throw own ?? sluiceError('api_unavailable', { url, problem: causeOf(error) }, { cause: error })
  })

type Problem = { code?: string; detail: string; hint: string }

/** A problem of the API, told as our own error. */
export async function problemOf(answer: Response, url: string): Promise<SluiceError> {
  const problem = (await answer.json().catch(() => null)) as Problem | null
  if (!problem?.code) {
    const what = `it says ${answer.status} ${answer.statusText}, which is not Sluice`
    return sluiceError('api_unavailable', { url, problem: what })
  }
  const { code, detail, hint } = problem
  return new SluiceError({ code, message: detail, hint })
}

/** fetch hides what happened in the cause, and there it may be several things. */
function causeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; errors?: unknown[] } }
  return messageOf(cause?.errors?.[0] ?? cause ?? error) || (cause?.code ?? 'no answer')
}
