/**
 * Errors of the command line itself, as a table like src/errors.ts, and how any error is told:
 * what is wrong and what to do about it, on stderr.
 */
import pc from 'picocolors'
import { messageOf, SluiceError } from '../errors.ts'

const table = {
  usage_invalid: {
    exitCode: 2,
    message: '{problem}.',
    hint: 'See `sluice {command} --help`.',
  },
  api_unknown: {
    exitCode: 1,
    message: 'No API is known here.',
    hint:
      'Start Sluice in this folder with `npm start` (or `sluice up`), ' +
      'or set SLUICE_API to the address of an API, like http://127.0.0.1:3000.',
  },
  api_unavailable: {
    exitCode: 1,
    message: 'The API does not answer at {url}: {problem}.',
    hint: 'Is it running? Its address comes from SLUICE_API, or from a running `sluice up`.',
  },
  setting_missing: {
    exitCode: 1,
    message: '{name} is not set, and no Sluice is up in {home}.',
    hint: 'Set {name}={example}, or start Sluice in this folder with `npm start`.',
  },
  file_missing: {
    exitCode: 1,
    message: 'There is no file at {path}.',
    hint: 'Name a file, a folder or a glob.',
  },
  no_worker: {
    exitCode: 1,
    message: 'No worker lives.',
    hint: 'Start one: `sluice worker`. Those that are gone: `sluice inspect workers --all`.',
  },
  worker_unnamed: {
    exitCode: 2,
    message: 'Several workers live: {workers}.',
    hint: 'Say which one you mean with --worker NAME, or that you mean every one with --all.',
  },
  port_taken: {
    exitCode: 1,
    message: 'Port {port} of {host} is taken.',
    hint: 'Take another one: --port, or SLUICE_PORT.',
  },
  part_ended: {
    exitCode: 1,
    message: '{part} ended by itself ({how}).',
    hint: 'Its log: {log}. Everything else was stopped; start again when the cause is gone.',
  },
} as const satisfies Record<string, { exitCode: number; message: string; hint: string }>

type CliCode = keyof typeof table

/** What a person reads when a command fails. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: string
  readonly hint: string
  readonly exitCode: number

  constructor(
    { code, message, hint, exitCode }: Told & { exitCode: number },
    options: { cause?: unknown } = {},
  ) {
    super(message, options)
    this.code = code
    this.hint = hint
    this.exitCode = exitCode
  }
}

interface Told {
  code: string
  message: string
  hint: string
}

export function cliError(
  code: CliCode,
  params: Record<string, string | number> = {},
  options: { cause?: unknown } = {},
): CliError {
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (_, name) => String(params[name]))
  const { message, hint, exitCode } = table[code]
  return new CliError({ code, message: fill(message), hint: fill(hint), exitCode }, options)
}

/** Tells of an error on stderr. @returns the exit code */
export function tell(error: unknown, { json, stack }: { json: boolean; stack: boolean }): number {
  const { code, message, hint } = toldOf(error)
  if (json) console.error(JSON.stringify({ error: { code, message, hint } }))
  else {
    console.error(`${pc.red('sluice:')} ${message}`)
    if (hint) console.error(`  ${hint}`)
  }
  if (stack) console.error(error)
  return error instanceof CliError ? error.exitCode : 1
}

function toldOf(error: unknown): Told {
  if (error instanceof CliError || error instanceof SluiceError) {
    return { code: error.code, message: error.message, hint: error.hint }
  }
  const hint = 'Run it again with --log-level debug to see where this comes from.'
  return { code: 'unexpected', message: messageOf(error), hint }
}
