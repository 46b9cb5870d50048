/** The kinds of sources. What is outside of this folder knows none of them by itself. */
import { type Static, Type } from 'typebox'
import type { UnpackLimits } from '../domain/unpack.ts'
import { directory } from './directory.ts'
import type { Unpacking } from './members/open.ts'
import type { Source, SourceDeps, SourceKind } from './source.ts'
import { upload } from './upload.ts'
import { withMembers } from './withMembers.ts'

const kinds = { upload, directory }

/** What a spec says of its source. */
export const SourceOptions = Type.Union([upload.options, directory.options])
export type SourceOptions = Static<typeof SourceOptions>

const kindOf = ({ kind }: SourceOptions) => kinds[kind] as SourceKind<SourceOptions>

/** What the files of a source are called in messages, and what routes go by. */
export const pathsIn = (options: SourceOptions): string[] => kindOf(options).paths(options)

/** The files that the client names itself, not by a folder or a glob. */
export const namedIn = (options: SourceOptions): string[] =>
  kindOf(options).named?.(options) ?? pathsIn(options)

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

/** The files of this machine, wherever they lie: for a look at them before an ingest. */
export const openLocal = (
  options: Static<typeof directory.options>,
  { roots, unpack: limits, containers, spool }: Omit<Opening, 'uploads'>,
): Source => withMembers(directory.open(options, { roots }), { limits, containers, spool })
