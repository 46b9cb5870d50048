/** The files of a source that are to be loaded, without those that are no data. */
import { clutterOf } from '../../src/domain/clutter.ts'
import type { LeftOut } from '../../src/domain/leftOut.ts'
import { mustBeOnly } from '../../src/domain/membersTwice.ts'
import type { ListedFile } from '../../src/domain/words.ts'
import { sluiceError } from '../../src/errors.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { inOrder } from '../../src/postgres/ledger/listing.ts'
import type { Source } from '../../src/sources/source.ts'
import { type FullSpec, factsOf, namedFiles } from '../../src/spec/spec.ts'

interface From {
  spec: FullSpec
  source: Source
  signal: AbortSignal
  /** Takes those that are not to be loaded. */
  leftOut: LeftOut
}

/** In their order, page by page, without those that are no data by their names. */
export async function* dataFiles(
  tx: Connection,
  { spec, source, signal, leftOut }: From,
): AsyncGenerator<ListedFile[]> {
  const isNamed = namedFiles(spec.source)
  const leave = (name: string, why: string) => void leftOut.add(why, name)
  let before: ListedFile | undefined
  for await (const page of inOrder(tx, source.list(signal, leave))) {
    const data = page.filter((file) => {
      mustBeOnly(file, before)
      before = file
      // A step may be for files of any kind.
      const why = spec.steps || isNamed(file) ? null : clutterOf(file)
      return why === null || leftOut.add(why, file.name)
    })
    if (data.length > 0) yield data
    signal.throwIfAborted()
  }
}

/** @throws archive_empty, source_left_out, targets_without_files */
export function mustHaveFiles(spec: FullSpec, { files }: { files: number }, leftOut: LeftOut) {
  if (files > 0) return
  const path = factsOf(spec).paths.join(', ')
  const { count, shown } = leftOut.withoutTarget
  if (count > 0) throw sluiceError('targets_without_files', { path, files: shown })
  // Every path leads to a file, but an archive may hold nothing, or folders only.
  if (leftOut.count === 0) throw sluiceError('archive_empty', { path })
  throw sluiceError('source_left_out', { path, files: leftOut.shown })
}
