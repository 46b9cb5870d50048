/** `--list`: the file that is named has the addresses, one a line. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { mustBePath, schemeOf } from '../../../domain/sourcePath.ts'
import { sluiceError } from '../../../errors.ts'
import { checkSourceOptions, type SourceOptions } from '../../../sources/index.ts'
import type { Given } from '../../../sources/source.ts'

/** A file that has to be sent, and what it is when it has been. */
interface Sending {
  files: { path: string; sizeBytes: number; isNamed: boolean }[]
  sourceOf(uploads: string[]): SourceOptions
}

type ListAt = { url: string } | { path: string } | { upload: string }

/**
 * @param options.isSent a file of this machine is not one of the worker's
 * @throws usage_invalid, file_missing, url_invalid, source_unsupported
 */
export async function listOf(
  [file = '', ...others]: readonly string[],
  { isSent, given: { connection, query } }: { isSent: boolean; given: Given },
): Promise<{ source: SourceOptions } | Sending> {
  if (others.length > 0 || query !== undefined) {
    const problem = '--list is for one file that has all the addresses, and takes no --query'
    throw sluiceError('usage_invalid', { problem, command: 'sluice ingest' })
  }
  const of = (list: ListAt): SourceOptions => ({
    kind: 'http',
    list,
    ...(connection !== undefined && { connection }),
  })
  if (/^https?$/.test(schemeOf(file) ?? '')) {
    const source = of({ url: file })
    checkSourceOptions(source)
    return { source }
  }
  mustBePath(file)
  const path = resolve(file)
  const found = await stat(path).catch(() => null)
  if (!found?.isFile()) throw sluiceError('file_missing', { path: file })
  if (!isSent) return { source: of({ path }) }
  const files = [{ path, sizeBytes: found.size, isNamed: true }]
  return { files, sourceOf: ([sent]) => of({ upload: sent as string }) }
}
