/** The kinds of sources. What is outside of this folder knows none of them by itself. */
import { type Static, Type } from 'typebox'
import type { SourceKindName } from '../domain/sourceKinds.ts'
import type { UnpackLimits } from '../domain/unpack.ts'
import { directory } from './directory.ts'
import { http } from './http.ts'
import type { Unpacking } from './members/open.ts'
import { postgres } from './postgres.ts'
import { s3 } from './s3.ts'
import type { Given, Source, SourceDeps, SourceKind } from './source.ts'
import { upload } from './upload.ts'
import { withMembers } from './withMembers.ts'

const kinds = { upload, directory, http, postgres, s3 } satisfies Record<SourceKindName, unknown>

/** What a spec says of its source. */
export const SourceOptions = Type.Union([
  upload.options,
  directory.options,
  http.options,
  postgres.options,
  s3.options,
])
export type SourceOptions = Static<typeof SourceOptions>

const kindOf = ({ kind }: SourceOptions) => kinds[kind] as SourceKind<SourceOptions>

/** What the files of a source are called in messages, and what routes go by. */
export const pathsIn = (options: SourceOptions): string[] => kindOf(options).paths(options)

/** Tells the files that the client names itself, not by a folder or a glob. */
export function namedIn(options: SourceOptions): (name: string) => boolean {
  const isNamed = kindOf(options).named?.(options)
  if (isNamed) return isNamed
  const names = new Set(pathsIn(options))
  return (name) => names.has(name)
}

/** The options without their secrets. */
export const shownSource = (options: SourceOptions): SourceOptions =>
  kindOf(options).shown?.(options) ?? options

/**
 * What addresses on a command line stand for.
 * @param scheme in lower case
 * @returns null for a scheme that no kind of source has
 */
export function sourceOfAddresses(
  scheme: string,
  addresses: string[],
  given: Given,
): SourceOptions | null {
  const all: SourceKind<SourceOptions>[] = Object.values(kinds)
  const kind = all.find(({ schemes }) => schemes?.includes(scheme))
  return kind?.ofAddresses?.(addresses, given) ?? null
}

/** @throws spec_invalid, source_unsupported */
export const checkSourceOptions = (options: SourceOptions): void =>
  kindOf(options).checkOptions?.(options)

/** @throws upload_not_found */
export const checkSource = async (
  options: SourceOptions,
  deps: Pick<SourceDeps, 'uploads'>,
): Promise<void> => kindOf(options).check?.(options, deps)

/** An API that has a token asks for it before it reads such a source. */
export const needsToken = (options: SourceOptions): boolean => kindOf(options).needsToken

/** The format that all bytes of the source are made for; null where files of any are found. */
export const formatMadeBy = (options: SourceOptions): string | null =>
  kindOf(options).madeFor ?? null

interface Opening extends SourceDeps, Omit<Unpacking, 'limits'> {
  unpack: UnpackLimits
}

/** Steps are for files of any kind: they get archives as they are. */
export function openSource(
  { source: options, steps }: { source: SourceOptions; steps?: string[] },
  { unpack: limits, containers, spool, ...deps }: Opening,
): Source {
  const source = kindOf(options).open(options, deps)
  return steps ? source : withMembers(source, { limits, containers, spool })
}
