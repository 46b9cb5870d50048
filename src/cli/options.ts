/** Options that several commands have, and how their texts are read. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { IngestSpec } from '../domain/spec.ts'
import { logLevels } from '../log.ts'
import { addFormatOptions, defined, type FormatOptions, formatOf } from './formatOptions.ts'
import { integer } from './integer.ts'

export { integer }

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

function share(text: string): number | string {
  if (/^\d+$/.test(text)) return Number(text)
  if (/^\d{1,3}(\.\d+)?%$/.test(text)) return text
  throw new InvalidArgumentError('It must be a count, or a share like 1%.')
}

/** What describes an ingest, for `ingest` and `up`. */
export interface SpecOptions extends FormatOptions {
  into?: string
  steps?: string[]
  id?: string
  mode?: 'append' | 'replace'
  types?: 'sample' | 'text'
  schema?: 'evolve' | 'freeze'
  names?: 'words' | 'as-is'
  unique?: 'reject' | 'skip' | 'fail'
  maxRejects?: number | string
  atomic: boolean
  parallelism?: number
  priority?: number
  tenant?: string
  queue?: string
}

export const addSpecOptions = (command: Command): Command =>
  addFormatOptions(addTargetOptions(command))
    .option('--max-rejects <n>', 'publish nothing when more are rejected: 100, or 1%', share)
    .option('--no-atomic', 'append unit by unit, visible early')
    .option('--parallelism <n>', 'units in flight', integer(1, 200))
    .option('--priority <n>', '1 overtakes 5 (default: 3)', integer(1, 5))
    .option('--tenant <name>', 'tenants share the workers by turns')
    .option('--queue <name>', 'the task queue of the workers')

const addTargetOptions = (command: Command): Command =>
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
    .addOption(
      new Option(
        '--schema <how>',
        'evolve: odd values make a column text, new columns are added; freeze: neither ' +
          '(default: a new table evolves, an existing one gets no columns)',
      ).choices(['evolve', 'freeze']),
    )
    .addOption(
      new Option(
        '--names <how>',
        'new columns: words, as order_id, or as-is, as "Order ID" (default: words)',
      ).choices(['words', 'as-is']),
    )
    .addOption(
      new Option('--unique <what>', 'a row whose key is there already (default: reject)').choices([
        'reject',
        'skip',
        'fail',
      ]),
    )

const modes = ['append', 'replace']

/** The spec that the options describe, without its source; what was not said is left out. */
export function specOf(options: SpecOptions): Omit<IngestSpec, 'source'> {
  const { id, into, steps, mode, types, schema, names, unique, atomic, maxRejects } = options
  const { parallelism, priority, tenant, queue } = options
  const format = formatOf(options)
  return {
    ...defined({ id, steps, parallelism, priority, tenant, queue }),
    ...(Object.keys(format).length > 0 && { format }),
    ...(into !== undefined && {
      target: {
        table: into,
        ...defined({ mode, types, schema, names, unique }),
        ...(!atomic && { atomic }),
      },
    }),
    ...(maxRejects !== undefined && { rejects: { max: maxRejects } }),
  }
}
