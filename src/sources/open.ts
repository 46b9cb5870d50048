/** The source that a spec names. */
import type { UnpackLimits } from '../domain/unpack.ts'
import { directorySource } from './directory.ts'
import type { SourceOptions as SourceSpec } from './options.ts'
import type { Source } from './source.ts'
import { uploadSource } from './upload.ts'

export interface SourceOptions {
  /** Folders that directory sources may read. */
  roots: string[]
  uploadPath: (name: string) => string
  unpack: UnpackLimits
}

/** Steps are for files of any kind: they get archives as they are. */
export function openSource(
  { source, steps }: { source: SourceSpec; steps?: string[] },
  { roots, uploadPath, unpack }: SourceOptions,
): Source {
  const limits = steps ? null : unpack
  if (source.kind === 'directory') return directorySource(source.path, roots, limits)
  return uploadSource(source.uploads, uploadPath, limits)
}
