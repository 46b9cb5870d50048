/** What a step returned: checked before it is kept. */
import { lstat, realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { messageOf, sluiceError } from '../errors.ts'
import type { StepResult } from './define.ts'

const resultBytesMax = 64 * 1024

export interface Kept {
  /** A regular file in the scratch folder. */
  file: string | null
  /** As JSON. */
  result: string | null
}

/** @throws step_result_invalid */
export async function keepable(
  step: string,
  scratch: string,
  returned: StepResult | undefined,
): Promise<Kept> {
  const refuse = (problem: string) => sluiceError('step_result_invalid', { step, problem })
  if (returned === undefined) return { file: null, result: null }
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned)) {
    throw refuse(`it is ${JSON.stringify(returned)?.slice(0, 100)}`)
  }
  const unknown = Object.keys(returned).find((key) => key !== 'file' && key !== 'result')
  if (unknown !== undefined) throw refuse(`it has ${JSON.stringify(unknown)}`)
  const { file, result } = returned
  const problem = file === undefined ? null : await problemOf(file, scratch)
  if (problem) throw refuse(problem)
  return {
    file: file === undefined ? null : resolve(scratch, file),
    result: result === undefined ? null : jsonOf(result, refuse),
  }
}

async function problemOf(file: unknown, scratch: string): Promise<string | null> {
  if (typeof file !== 'string') return 'its file is no path'
  const path = resolve(scratch, file)
  const stats = await lstat(path).catch(() => null)
  if (!stats) return `there is no file ${path}`
  if (!stats.isFile()) return `${path} is not a regular file`
  const inside = (await realpath(scratch)) + sep
  return (await realpath(path)).startsWith(inside) ? null : `${path} is not in the scratch folder`
}

function jsonOf(result: unknown, refuse: (problem: string) => Error): string {
  let json: string | undefined
  try {
    json = JSON.stringify(result)
  } catch (error) {
    throw refuse(`the result is no JSON: ${messageOf(error)}`)
  }
  if (json === undefined) throw refuse('the result is no JSON')
  const bytes = Buffer.byteLength(json)
  if (bytes > resultBytesMax) throw refuse(`the result has ${bytes} bytes of JSON`)
  // PostgreSQL keeps neither of them in jsonb.
  if (/\\u0000|\\ud[89a-f]/i.test(json)) throw refuse('the result has a NUL or half a character')
  return json
}
