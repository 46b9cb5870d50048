/**
 * Options of a spec. Each is declared once, in a table of its group: from there come its type, its
 * check, its default, the API documentation, the flag with its help, its line in the dry run and
 * its row on the page docs/options.md.
 */
import { type Static, type TOptional, type TSchema, Type } from 'typebox'

/** An option on the command line. */
export interface Flag {
  /** As the help shows it: `--skip-rows <n>`. */
  text: string
  /** What the help says besides, which only matters in a shell. */
  shell?: string
  /**
   * Several values: the flag is given again for each, or one text has them with commas. `pairs` are
   * given as `name=value`, or as `@FILE` with an object of them, and are an object.
   */
  list?: 'again' | 'commas' | 'pairs'
  /** Makes a value of the text, or of each text of a list; it is checked afterwards. */
  read?: (text: string) => unknown
  /** Makes the value of the spec of all that was given. */
  settle?: (value: unknown) => unknown
  /** The flag that says no, with its help. */
  no?: { text: string; about: string }
  /** What else to do about a value that is wrong. */
  advice?: (text: string) => string
}

/** Shows one option of what was sniffed. `R` is what a format knows of a file. */
export interface Shown<R> {
  /** What the option sets, in one or two words; its name if absent. */
  what?: string
  /** Null when there is nothing out of the ordinary to show. */
  value: (reading: R) => string | null
  /** Whether the bytes decide when the option is absent. */
  isSniffed: boolean
}

// biome-ignore lint/suspicious/noExplicitAny: a table has options of formats of all kinds
export interface Option<S extends TSchema = TSchema, R = any> {
  schema: S
  /** What it says: a phrase that begins in lower case and has no full stop. */
  about: string
  /** What holds if it is absent, as a phrase; left out when nothing is to be said. */
  absent?: string
  /** What holds if it is absent, as a value. */
  preset?: Static<S>
  isRequired?: true
  /** What a value must be, behind "It must be"; for the command line. */
  must?: string
  /** Left out when only a spec can say it. */
  flag?: Flag
  shown?: Shown<R>
  /** As one would write it: the flag with a value, or the member of a spec in JSON. */
  example?: string
}

export type Options = Record<string, Option>

type Properties<O extends Options> = {
  [K in keyof O]: O[K] extends { isRequired: true } ? O[K]['schema'] : TOptional<O[K]['schema']>
}

/** The schema of an object that has these options as its members, and no others. */
export function objectOf<O extends Options>(options: O, about?: string) {
  const properties = Object.entries(options).map(([name, option]) => [name, memberOf(option)])
  return Type.Object(Object.fromEntries(properties) as Properties<O>, {
    additionalProperties: false,
    ...(about !== undefined && { description: about }),
  })
}

function memberOf(option: Option): TSchema {
  const { schema, preset, isRequired } = option
  const member = {
    ...schema,
    description: describe(option),
    ...(preset !== undefined && { default: preset }),
  }
  return isRequired ? member : Type.Optional(member)
}

/** `Between fields. If absent: sniffed.` */
function describe({ about, absent }: Option): string {
  const sentence = `${about.charAt(0).toUpperCase()}${about.slice(1)}.`
  return absent === undefined ? sentence : `${sentence} If absent: ${absent}.`
}

type Presets<O extends Options> = {
  [K in keyof O as O[K] extends { preset: unknown } ? K : never]: Static<O[K]['schema']>
}

/** Values with every preset filled in. */
export type Filled<O extends Options, V> = V & Presets<O>

export function filled<O extends Options, V extends object>(options: O, values: V): Filled<O, V> {
  const presets = Object.entries(options)
    .filter(([, { preset }]) => preset !== undefined)
    .map(([name, { preset }]) => [name, preset])
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries([...presets, ...given]) as Filled<O, V>
}

/** One of these words. */
export const oneOf = <W extends string[]>(...words: readonly [...W]) => Type.Enum(words)

/** The words of an option that takes one of a few; null for any other. */
export const wordsOf = (schema: TSchema): string[] | null =>
  'enum' in schema && Array.isArray(schema.enum) ? (schema.enum as string[]) : null
