/** Sends standard input as an upload, while it comes. */
import { addAbortSignal } from 'node:stream'
import { createBar } from '../../bar.ts'
import type { Client } from '../../client.ts'
import { isPlain } from '../../colors.ts'
import { size } from '../../text.ts'
import { removeFiles } from './send.ts'

/** Nothing is left of what is sent when it cannot be sent to its end. */
export async function sendStdin(
  client: Client,
  name: string,
  { quiet, signal }: { quiet: boolean; signal: AbortSignal },
): Promise<void> {
  const shown = createShown(quiet)
  try {
    await client.upload(name, bytesOf(shown.set, signal), signal)
  } catch (error) {
    process.stdin.destroy()
    await removeFiles(client, [name])
    throw error
  } finally {
    shown.stop()
  }
}

/** The end of a command that fails looks like any other: its exit code is for the shell. */
async function* bytesOf(
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (process.stdin.isTTY) console.error('Reading what is typed here, until Ctrl-D.')
  let sent = 0
  for await (const chunk of addAbortSignal(signal, process.stdin)) {
    sent += chunk.length
    onSent(sent)
    yield chunk
  }
}

function createShown(quiet: boolean) {
  if (quiet || isPlain(process.stderr)) return { set() {}, stop() {} }
  const bar = createBar({ format: '  upload    {done}', barsize: 24 })
  bar.start(1, 0, { done: '0' })
  return {
    set: (done: number) => bar.update(0, { done: size(done) }),
    stop: () => bar.stop(),
  }
}
