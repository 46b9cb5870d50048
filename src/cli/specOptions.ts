/** The options of `ingest` and `up` that describe an ingest: all that a spec can say by a flag. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { type Flag, type Option as SpecOption, wordsOf } from '../domain/option.ts'
import type { SelectionOptions } from '../domain/selection.ts'
import { optionGroups, titleOf } from '../spec/groups.ts'
import { settleInto } from '../spec/several.ts'
import type { IngestSpec } from '../spec/spec.ts'
import { integer } from './integer.ts'
import { asList, orEmpty } from './once.ts'
import { withPairs } from './pairs.ts'

/** What the command line can say of an ingest: the source is its arguments. */
export type SpecWithoutSource = Omit<IngestSpec, 'source'>

/** With which files of its source are meant. */
export type Said = SpecWithoutSource & { source?: SelectionOptions }

export function addSpecOptions(command: Command): Command {
  for (const { group, name, option, flag } of flags()) {
    const title = `${titleOf(group, name)}:`
    command.addOption(cliOption(option, flag).helpGroup(title))
    if (flag.no) command.addOption(new Option(flag.no.text, flag.no.about).helpGroup(title))
  }
  return command
}

/** The spec that the options describe; what was not said is absent. */
export function specOf(command: Command): Said {
  const spec: Record<string, Record<string, unknown>> = { '': {} }
  for (const { group, name, flag } of flags()) {
    const key = new Option(flag.text).attributeName()
    if (command.getOptionValueSource(key) !== 'cli') continue
    const value = command.getOptionValue(key)
    const all = flag.list === 'pairs' ? Object.fromEntries(value) : value
    const said = { [name]: flag.settle ? flag.settle(all) : all }
    spec[group] = { ...spec[group], ...said }
  }
  const { '': itself, ...groups } = spec
  return settleInto({ ...itself, ...groups } as Said)
}

/** Every option of a spec that has a flag, and where it stands in the spec. */
function* flags() {
  for (const group of Object.keys(optionGroups) as (keyof typeof optionGroups)[]) {
    for (const [name, option] of Object.entries<SpecOption>(optionGroups[group])) {
      if (option.flag) yield { group, name, option, flag: option.flag }
    }
  }
}

function cliOption(option: SpecOption, flag: Flag): Option {
  const made = new Option(flag.text, help(option, flag))
  const words = wordsOf(option.schema)
  if (words) return made.choices(words)
  // Whether the empty text is a value is what the schema of the option says.
  orEmpty(made)
  const { list, read = (one: string) => one } = flag
  if (list === 'pairs') return asList(made, withPairs)
  if (list === undefined) return made.argParser((text: string) => valueOf(text, option, flag))
  const each = (text: string) => (list === 'commas' ? text.split(',').map(trimmed) : [text])
  const one = (text: string) =>
    mustFit(read(text), text, { ...option, flag, schema: itemOf(option.schema) })
  return asList(made, (text, earlier: unknown[]) => [...earlier, ...each(text).map(one)])
}

const trimmed = (text: string): string => text.trim()

function help({ about, absent, preset }: SpecOption, flag: Flag): string {
  const { text: name, shell, list } = flag
  if (name.startsWith('--no-')) return shell ?? about
  const usual = absent ?? (preset === undefined ? null : String(preset))
  const again = list === 'again' || list === 'pairs' ? 'may be given again' : undefined
  const hints = [shell, again, list === 'pairs' ? '@FILE has all of them' : undefined]
  const more = hints.flatMap((hint) => (hint === undefined ? [] : [`; ${hint}`])).join('')
  const text = `${about}${more}${usual === null ? '' : ` (default: ${usual})`}`
  return text.replaceAll('`', '')
}

function valueOf(text: string, option: SpecOption, flag: Flag): unknown {
  const { schema } = option
  const read = flag.read ?? ((one: string) => one)
  if (isInteger(schema)) return integer(schema.minimum, schema.maximum)(text)
  return mustFit(read(text), text, { ...option, flag })
}

type Judged = Pick<SpecOption, 'schema' | 'must'> & { flag: Flag }

function mustFit(value: unknown, text: string, { schema, must, flag }: Judged): unknown {
  if (must === undefined || Value.Check(schema, value)) return value
  const advice = flag.advice ? ` ${flag.advice(text)}` : ''
  throw new InvalidArgumentError(`It must be ${must}.${advice}`)
}

/** What each member of a list must be. */
const itemOf = (schema: TSchema): TSchema =>
  'items' in schema ? (schema.items as TSchema) : schema

const isInteger = (schema: TSchema): schema is TSchema & { minimum: number; maximum: number } =>
  'type' in schema && schema.type === 'integer'
