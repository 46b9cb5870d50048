/** Sends local files as uploads, and removes them again. */
import { open } from 'node:fs/promises'
import { messageOf, sluiceError } from '../../../errors.ts'
import { createBar } from '../../bar.ts'
import type { Client } from '../../client.ts'
import { isPlain } from '../../colors.ts'
import { size } from '../../text.ts'
import { largeBytes, sendLarge } from './sendLarge.ts'
import { type LocalFile, uploadName } from './sources.ts'

interface Sending {
  files: readonly Omit<LocalFile, 'isNamed'>[]
  quiet: boolean
  signal: AbortSignal
}

/**
 * Nothing is left of a sending that fails.
 * @returns the names of the uploads, in the order of the files
 */
export async function sendFiles(
  client: Client,
  ingestId: string,
  { files, quiet, signal }: Sending,
): Promise<string[]> {
  const names = files.map((file, index) => uploadName(ingestId, file, index))
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const shown = createShown(totalBytes, quiet)
  let sent = 0
  try {
    let before = 0
    for (const [index, { path, sizeBytes }] of files.entries()) {
      const name = names[index] as string
      const onSent = (bytes: number) => shown.set(before + bytes)
      // Also one that is sent in part is taken away when the command ends early.
      sent = index + 1
      if (sizeBytes > largeBytes) await sendLarge(client, { name, path, signal, onSent })
      else await client.upload(name, counted(path, onSent, signal), signal)
      before += sizeBytes
    }
  } catch (error) {
    await removeFiles(client, names.slice(0, sent))
    throw error
  } finally {
    shown.stop()
  }
  return names
}

/** Removes uploads that are not needed any more. One that cannot be removed expires in a day. */
export async function removeFiles(client: Client, names: readonly string[]): Promise<void> {
  for (const name of names) await client.removeUpload(name).catch(() => {})
}

/** An aborted fetch would read the file to its end all the same. */
async function* counted(
  path: string,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const opened = await open(path).catch((error) => {
    throw sluiceError('file_unreadable', { file: path, problem: messageOf(error) })
  })
  let sent = 0
  for await (const bytes of opened.createReadStream({ highWaterMark: 256 * 1024 })) {
    signal.throwIfAborted()
    sent += bytes.length
    onSent(sent)
    yield bytes
  }
}

function createShown(totalBytes: number, quiet: boolean) {
  const total = size(totalBytes)
  if (quiet) return { set() {}, stop() {} }
  if (isPlain(process.stderr)) {
    console.log(`  upload     ${total}`)
    return { set() {}, stop() {} }
  }
  const format = `  upload    {bar} {done} of ${total}`
  const bar = createBar({ format, barsize: 24 })
  bar.start(Math.max(1, totalBytes), 0, { done: '0' })
  return {
    set: (done: number) => bar.update(done, { done: size(done) }),
    stop: () => bar.stop(),
  }
}
