/** Options that several commands have, and how their texts are read. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Format } from '../domain/format.ts'
import type { IngestSpec } from '../domain/spec.ts'
import { logLevels } from '../log.ts'

export const addJson = (command: Command): Command =>
  command.option('--json', 'print JSON, for machines')

export const addLogLevel = (command: Command): Command =>
  command.addOption(
    new Option('-l, --log-level <level>', 'how much to tell; debug adds stack traces').choices(
      logLevels,
    ),
  )

/** For the commands that are processes of their own. */
export const addLog = (command: Command): Command =>
  addLogLevel(command).addOption(
    new Option('--log-format <format>', 'for people or for machines').choices(['pretty', 'json']),
  )

/** Reads a whole number within bounds. */
export const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }

function share(text: string): number | string {
  if (/^\d+$/.test(text)) return Number(text)
  if (/^\d{1,3}(\.\d+)?%$/.test(text)) return text
  throw new InvalidArgumentError('It must be a count, or a share like 1%.')
}

function char(text: string): string {
  const value = text === '\\t' || text === 'tab' ? '\t' : text
  const code = value.charCodeAt(0)
  if (value.length === 1 && code > 0 && code < 128) return value
  throw new InvalidArgumentError('It must be one character of ASCII; \\t is a tab.')
}

/** What describes an ingest, for `ingest` and `up`. */
export interface SpecOptions {
  into?: string
  steps?: string[]
  id?: string
  mode?: 'append' | 'replace'
  types?: 'sample' | 'text'
  delimiter?: string
  quote?: string
  escape?: string
  header?: boolean
  null?: string
  maxRejects?: number | string
  atomic: boolean
  parallelism?: number
  priority?: number
  tenant?: string
  queue?: string
}

export const addSpecOptions = (command: Command): Command =>
  command
    .option('--into <table>', 'the target: schema.table; made if it does not exist')
    .option('--steps <names>', 'steps of your app to run on every file, with commas', (text) =>
      text.split(',').map((name) => name.trim()),
    )
    .option('--id <id>', 'idempotency key; made up if left out')
    .addOption(new Option('--mode <mode>', 'add to the table, or take its place').choices(modes))
    .addOption(
      new Option('--types <types>', 'column types of a new table').choices(['sample', 'text']),
    )
    .option('--delimiter <char>', 'between fields; \\t is a tab (default: sniffed)', char)
    .option('--quote <char>', 'around fields (default: ")', char)
    .option('--escape <char>', 'before a quote within quotes (default: the quote)', char)
    .option('--header', 'the first record names the columns (default: sniffed)')
    .option('--no-header', 'the first record is data')
    .option('--null <text>', 'the unquoted text that stands for NULL (default: empty)')
    .option('--max-rejects <n>', 'publish nothing when more are rejected: 100, or 1%', share)
    .option('--no-atomic', 'append unit by unit, visible early')
    .option('--parallelism <n>', 'units in flight', integer(1, 200))
    .option('--priority <n>', '1 overtakes 5 (default: 3)', integer(1, 5))
    .option('--tenant <name>', 'tenants share the workers by turns')
    .option('--queue <name>', 'the task queue of the workers')
const modes = ['append', 'replace']

/** The spec that the options describe, without its source; what was not said is left out. */
export function specOf(options: SpecOptions): Omit<IngestSpec, 'source'> {
  const { id, into, steps, mode, types, atomic, maxRejects } = options
  const { parallelism, priority, tenant, queue } = options
  const { delimiter, quote, escape, header, null: nullText } = options
  const format: Format = defined({ delimiter, quote, escape, header, null: nullText })
  return {
    ...defined({ id, steps, parallelism, priority, tenant, queue }),
    ...(Object.keys(format).length > 0 && { format }),
    ...(into !== undefined && {
      target: { table: into, ...defined({ mode, types }), ...(!atomic && { atomic }) },
    }),
    ...(maxRejects !== undefined && { rejects: { max: maxRejects } }),
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

const defined = <T extends object>(values: T): Defined<T> =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Defined<T>
