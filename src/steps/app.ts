/** Loads an app: a module of the user that exports steps. */
import { existsSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Duration } from '@temporalio/common'
import { msToNumber } from '@temporalio/common/lib/time.js'
import type { StepPlan } from '../domain/step.ts'
import { messageOf, type SluiceError, sluiceError } from '../errors.ts'
import { isStep, type Step } from './define.ts'

export interface App {
  /** Absolute. */
  path: string
  steps: ReadonlyMap<string, Step>
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/**
 * Every export that is a step, and those in exported arrays, count.
 * @throws app_invalid
 */
export async function loadApp(path: string): Promise<App> {
  const refuse = (problem: string, cause?: unknown): SluiceError =>
    sluiceError('app_invalid', { app: path, problem }, { cause })
  const file = resolve(path)
  if (!existsSync(file)) throw refuse('there is no such file')
  const exported = await importApp(file).catch((error) => {
    throw refuse(whyNot(error, file), error)
  })
  const steps = new Map<string, Step>()
  for (const step of Object.values(exported).flat().filter(isStep)) {
    const problem = problemOf(step)
    if (problem) throw refuse(problem)
    const other = steps.get(step.name)
    if (other && other !== step && other.run !== step.run) {
      throw refuse(`it has two steps ${step.name}`)
    }
    steps.set(step.name, step)
  }
  if (steps.size === 0) throw refuse('it exports no step')
  return { path: file, steps }
}

const importApp = (file: string): Promise<Record<string, unknown>> =>
  import(pathToFileURL(file).href)

function whyNot(error: unknown, file: string): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /^\.[cm]?ts$/.test(extname(file))) {
    return 'the compiled Sluice runs JavaScript only: compile the app first, or run it in a checkout'
  }
  const message = messageOf(error)
  if (code === 'ERR_REQUIRE_CYCLE_MODULE') {
    return 'it is taken for CommonJS: name it .mts or .mjs, or put "type": "module" into its package.json'
  }
  if (code === 'ERR_MODULE_NOT_FOUND' && /package 'sluice'/.test(message)) {
    return `${message}: install Sluice next to the app (npm install <path of Sluice>)`
  }
  return message
}

function problemOf(step: Step): string | null {
  if (typeof step.name !== 'string' || !namePattern.test(step.name)) {
    return `${JSON.stringify(step.name)} is no name for a step`
  }
  if (typeof step.run !== 'function') return `the step ${step.name} has no function run`
  if (step.queue !== undefined && !/^[^\s,]{1,200}$/.test(step.queue)) {
    return `${JSON.stringify(step.queue)} is no name for a queue (step ${step.name})`
  }
  try {
    const { timeoutMs, softMs } = planOf(step)
    if (softMs < timeoutMs) return null
    return `the soft time limit of ${step.name} must be below its timeout`
  } catch (error) {
    return `the step ${step.name}: ${messageOf(error)}`
  }
}

/** What the workflow must know of it, with every default filled in. */
export function planOf({ name, queue, timeout = '1h', softTimeout, retry }: Step): StepPlan {
  const timeoutMs = positive(timeout)
  return {
    step: name,
    queue: queue ?? null,
    timeoutMs,
    softMs: softTimeout === undefined ? Math.floor(timeoutMs * 0.9) : positive(softTimeout),
    retry: {
      initialMs: positive(retry?.initialInterval ?? '1s'),
      backoff: retry?.backoffCoefficient ?? 2,
      maximumMs: positive(retry?.maximumInterval ?? '1m'),
    },
  }
}

/** Attempts that may throw. */
export const attemptsMax = ({ retry }: Step): number => retry?.maximumAttempts ?? 3

function positive(duration: Duration): number {
  const ms = msToNumber(duration)
  if (Number.isFinite(ms) && ms >= 1) return ms
  throw new Error(`${JSON.stringify(duration)} is no duration: write '30s', '10m', '2h' or ms`)
}
