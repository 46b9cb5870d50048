/** The bytes of an upload, as it is now. */
import { sluiceError } from '../errors.ts'
import type { Uploads } from './stage.ts'

/** @throws upload_not_found, file_vanished, file_changed */
export async function* readUpload(
  uploads: Uploads,
  name: string,
  signal: AbortSignal = new AbortController().signal,
): AsyncGenerator<Buffer> {
  const found = await uploads.stat(name)
  if (!found) throw sluiceError('upload_not_found', { name })
  const opened = await uploads.open({ name, ...found }, signal)
  try {
    yield* opened.read()
  } finally {
    await opened.close()
  }
}
