/** The source that a spec names. */
import type { Source as SourceSpec } from '../domain/spec.ts'
import { directorySource } from './directory.ts'
import type { Source } from './source.ts'
import { uploadSource } from './upload.ts'

export interface SourceOptions {
  /** Folders that directory sources may read. */
  roots: string[]
  uploadPath: (name: string) => string
}

export function openSource(spec: SourceSpec, options: SourceOptions): Source {
  if (spec.kind === 'directory') return directorySource(spec.path, options.roots)
  return uploadSource(spec.uploads, options.uploadPath)
}
