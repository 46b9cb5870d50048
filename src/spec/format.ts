/** The format of a spec: its kind, and how files of that kind are written. */
import type { Static } from 'typebox'
import { type Option, type Options, objectOf, oneOf } from '../domain/option.ts'
import type { UnpackLimits } from '../domain/unpack.ts'
import type { Reading } from '../domain/words.ts'
import type { Format } from '../formats/format.ts'
import { type FormatKind, formatOf, formats, usualKind } from '../formats/index.ts'
import type { Container } from '../unpack/container.ts'

type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never

type OfAll = Intersection<(typeof formats)[FormatKind]['options']>

const table: Record<string, Format> = formats
const kinds = Object.keys(table) as FormatKind[]

const kind = {
  schema: oneOf('auto', ...kinds),
  about: 'the format of the files',
  absent: usualKind,
  flag: { text: '--format <kind>' },
  shown: { what: 'format', value: (reading: Reading) => reading.kind, isSniffed: false },
  example: `--format ${usualKind}`,
} satisfies Option

/** The options of all formats. What several of them have is one object: see formats/sharedOptions.ts. */
export const formatOptions: { kind: typeof kind } & OfAll = { kind, ...optionsOfAll() }

function optionsOfAll(): OfAll {
  const all: Options = {}
  for (const [name, option] of kinds.flatMap((each) =>
    Object.entries(table[each]?.options ?? {}),
  )) {
    if (all[name] && all[name] !== option) throw new Error(`two formats have an option ${name}`)
    all[name] = option
  }
  return all as OfAll
}

/** The formats that have the option; null when all of them do. */
export function kindsWith(name: string): string[] | null {
  const some = kinds.filter((each) => name in (table[each]?.options ?? {}))
  return some.length > 0 && some.length < kinds.length ? some : null
}

export const FormatSpec = objectOf(formatOptions)
export type FormatSpec = Static<typeof FormatSpec>
/** With its kind: what the ledger keeps. */
export type FullFormat = FormatSpec & { kind: FormatKind }

export function fullFormat(spec: FormatSpec | undefined): FullFormat {
  const said = spec?.kind
  return { ...spec, kind: said === undefined || said === 'auto' ? usualKind : said }
}

/** The documents whose tables are files of the format. */
export function containersOf(spec: FullFormat, limits: UnpackLimits): Container[] {
  const container = formatOf(spec).container?.(spec, limits)
  return container ? [container] : []
}

/** @throws dialect_invalid; what `refuse` makes of an option of another format */
export function checkFormat(spec: FullFormat, refuse: (problem: string) => Error): void {
  const format = formatOf(spec)
  for (const [name, value] of Object.entries(spec)) {
    if (name === 'kind' || name in format.options || value === undefined) continue
    throw refuse(`format.${name} is no option of the format ${format.kind}`)
  }
  format.check(spec)
}
