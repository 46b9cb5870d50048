/** The format of a spec: its kind, and how files of that kind are written. */
import type { Static } from 'typebox'
import { type Option, type Options, objectOf, oneOf } from '../domain/option.ts'
import type { UnpackLimits } from '../domain/unpack.ts'
import type { Reading } from '../domain/words.ts'
import type { Format, HeadFile } from '../formats/format.ts'
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

const ofFiles = kinds.filter((each) => !table[each]?.isOfSource)

const kind = {
  schema: oneOf('auto', ...ofFiles),
  about: 'the format of the files',
  absent: 'what the bytes of each file show',
  flag: { text: '--format <kind>' },
  shown: { what: 'format', value: (reading: Reading) => reading.kind, isSniffed: true },
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
  const some = ofFiles.filter((each) => name in (table[each]?.options ?? {}))
  return some.length > 0 && some.length < ofFiles.length ? some : null
}

export const FormatSpec = objectOf(formatOptions)
export type FormatSpec = Static<typeof FormatSpec>
/** With its kind: what the ledger keeps. */
export type FullFormat = FormatSpec & { kind: FormatKind | 'auto' }

export const fullFormat = (spec: FormatSpec | undefined): FullFormat => ({
  ...spec,
  kind: spec?.kind ?? 'auto',
})

/** Options that the spec has, and one of these formats has not. */
const foreignTo = (spec: FormatSpec, each: FormatKind): string[] =>
  Object.entries(spec).flatMap(([name, value]) =>
    name === 'kind' || value === undefined || name in formatOf({ kind: each }).options
      ? []
      : [name],
  )

/** The formats that files may have: that of the spec, or all that have the options of it. */
const kindsIn = (spec: FullFormat): FormatKind[] =>
  spec.kind === 'auto' ? kinds.filter((each) => foreignTo(spec, each).length === 0) : [spec.kind]

/** The one format that files may have; null when their bytes decide. */
function soleKind(spec: FullFormat): FormatKind | null {
  const [only, other] = kindsIn(spec)
  return other === undefined ? (only ?? null) : null
}

type Unfolding = Pick<Format, 'kind' | 'magic'> & Required<Pick<Format, 'unfold'>>

const unfolds = (format: Format): format is Format & Unfolding => format.unfold !== undefined

const unfoldingIn = (spec: FullFormat): Unfolding[] =>
  kindsIn(spec)
    .map((each) => formatOf({ kind: each }))
    .filter(unfolds)

/** May some of the files have to be made text? */
export const mayUnfold = (spec: FullFormat): boolean => unfoldingIn(spec).length > 0

/**
 * The format that makes text of a file; null where it is text already.
 * @param head the first bytes of the file, out of its packing
 */
export function unfoldingOf(spec: FullFormat, head: Buffer): Unfolding | null {
  const possible = unfoldingIn(spec)
  if (soleKind(spec) !== null) return possible[0] ?? null
  const begins = (magic = '') => head.toString('latin1', 0, magic.length) === magic
  return possible.find(({ magic }) => magic !== undefined && begins(magic)) ?? null
}

/** The documents whose tables are files of one of the formats. */
export const containersOf = (spec: FullFormat, limits: UnpackLimits): Container[] =>
  kindsIn(spec).flatMap((each) => formatOf({ kind: each }).container?.(spec, limits) ?? [])

/** @throws dialect_invalid; what `refuse` makes of an option of another format */
export function checkFormat(spec: FullFormat, refuse: (problem: string) => Error): void {
  const [first] = kindsIn(spec)
  const [foreign] = foreignTo(spec, first ?? usualKind)
  if (foreign) throw refuse(`format.${foreign} is no option of the format ${first ?? usualKind}`)
  for (const each of kindsIn(spec)) formatOf({ kind: each }).check(spec)
}

/** What a file is: by its content first and by its name, unless the spec says it. */
export function kindOf(spec: FullFormat, file: HeadFile): FormatKind {
  const only = soleKind(spec)
  if (only !== null) return only
  const possible = kindsIn(spec)
  const made = possible.find((each) => each === file.madeFor)
  if (made) return made
  const found = (how: string) =>
    possible.find((each) => formatOf({ kind: each }).recognise(file) === how)
  return found('certainly') ?? found('perhaps') ?? usualKind
}

/** Options that a format does not have: there is no use in advising them. */
export const optionsLacking = ({ kind: own }: Reading): Record<string, null> =>
  Object.fromEntries(
    Object.keys(formatOptions).flatMap((name) =>
      kindsWith(name)?.includes(own) === false ? [[name, null]] : [],
    ),
  )
