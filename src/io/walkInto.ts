/** The files of a path or a glob, also of one that leads into archives. */
import { stat } from 'node:fs/promises'
import { type Only, onlyOf, splitMembers } from '../domain/membersPath.ts'
import { SluiceError, sluiceError } from '../errors.ts'
import { type Met, type WalkOptions, walk } from './walk.ts'

export interface MetInto extends Met {
  /** Those of its members that are meant; absent for the whole file. */
  only?: Only
}

/** @throws source_empty, source_not_a_file, glob_invalid, file_name_invalid */
export async function* walkInto(path: string, options: WalkOptions = {}): AsyncGenerator<MetInto> {
  const into = splitMembers(path)
  if (!into) {
    yield* walk(path, options)
    return
  }
  const { archive, members } = into
  const only = onlyOf([members], (problem) => sluiceError('glob_invalid', { path, problem }))
  let isFound = false
  // A folder may have the name of an archive.
  if (!(await stat(archive).catch(() => null))?.isDirectory()) {
    for await (const met of orNone(walk(archive, options))) {
      isFound = true
      yield { ...met, only }
    }
  }
  for await (const met of orNone(walk(path, options))) {
    isFound = true
    yield met
  }
  if (!isFound) throw sluiceError('source_empty', { path })
}

async function* orNone(found: AsyncIterable<Met>): AsyncGenerator<Met> {
  try {
    yield* found
  } catch (error) {
    if (!(error instanceof SluiceError && error.code === 'source_empty')) throw error
  }
}
