/** The text of a file, which its format reads: unpacked and decoded, or unfolded from what it is. */

import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { UnpackLimits } from '../../domain/unpack.ts'
import type { ListedFile } from '../../domain/words.ts'
import type { OpenFile } from '../../io/openFile.ts'
import { syncBytesMax } from '../../io/syncRead.ts'
import type { Source } from '../../sources/source.ts'
import { start } from '../../unpack/start.ts'
import { decodeText, headBytes, openUnpacked, type Text } from '../../unpack/text.ts'
import { type FullFormat, unfoldingOf } from '../format.ts'

/** What it takes to open the files of an ingest. */
export interface Opening {
  format: FullFormat
  limits: UnpackLimits
  signal: AbortSignal
  /** An empty folder, for a file that must lie on this machine. */
  scratch(): Promise<{ path: string; remove(): Promise<void> }>
}

/** The text of a file by itself; what it holds is given back by `close`, which is always called. */
export interface FileText extends Text {
  /** The bytes are not those of the file. */
  isMade: boolean
  /** The format that they were made for, where the file is no text. */
  madeFor?: string
}

/** What is opened: a listed file, or a staged one. */
export type Opened = Pick<OpenFile, 'link' | 'packing' | 'madeFor' | 'read'>
type Named = Pick<ListedFile, 'name' | 'member' | 'sizeBytes'>

/** @throws what opening, unpacking and unfolding a file throw */
export async function openFileText(
  opened: Opened,
  file: Named,
  opening: Opening,
): Promise<FileText> {
  const { format, limits } = opening
  const { packing, madeFor } = opened
  const options = { file: file.name, format, limits, ...(packing && { packing }) }
  const raw = await openUnpacked(opened.read(), options)
  const unfolding = madeFor === undefined ? unfoldingOf(format, raw.head) : null
  if (unfolding) return openUnfolded(opened, file, { opening, raw, unfolding })
  const text = await decodeText(raw, options)
  const isMade = Boolean(text.packing ?? text.encoding)
  return { ...text, isMade, ...(madeFor !== undefined && { madeFor }) }
}

/** Up to 1 MiB of the text, from its start. */
export async function readHead(
  source: Source,
  file: ListedFile,
  opening: Opening,
): Promise<Pick<FileText, 'head' | 'whole' | 'madeFor' | 'encoding' | 'encodingDoubt'>> {
  const opened = await source.open(file, opening.signal)
  try {
    const text = await openFileText(opened, file, opening)
    await text.close()
    const head = text.head.subarray(0, headBytes)
    const whole = text.whole && head.length === text.head.length
    const { madeFor, encoding, encodingDoubt } = text
    return {
      head,
      whole,
      ...(madeFor !== undefined && { madeFor }),
      ...(encoding && { encoding }),
      ...(encodingDoubt && { encodingDoubt }),
    }
  } finally {
    await opened.close()
  }
}

interface Unfolding {
  opening: Opening
  /** The file out of its packing. */
  raw: Text
  unfolding: NonNullable<ReturnType<typeof unfoldingOf>>
}

async function openUnfolded(
  opened: Opened,
  file: Named,
  { opening, raw, unfolding }: Unfolding,
): Promise<FileText> {
  const { packing } = raw
  const scratch = await opening.scratch().catch(async (error) => {
    await raw.close()
    throw error
  })
  const close = async () => {
    await raw.close()
    await scratch.remove()
  }
  try {
    // The bytes of a small file were taken when it was opened, and its path is no longer looked at.
    const isCopied = opened.link === null || packing || file.sizeBytes <= syncBytesMax
    const path = isCopied ? join(scratch.path, 'file') : (opened.link as string)
    if (isCopied) await pipeline(Readable.from(raw.bytes), createWriteStream(path))
    const { format, limits, signal } = opening
    const local = { name: file.name, member: file.member ?? null, path }
    const bytes = unfolding.unfold(local, format, { limits, signal })
    const checked = isCopied ? bytes : withCheck(bytes, opened)
    const text = await start(checked, headBytes)
    const closeText = async () => {
      await text.close()
      await close()
    }
    const made = { isMade: true, madeFor: unfolding.kind }
    return { ...text, ...(packing && { packing }), ...made, close: closeText }
  } catch (error) {
    await close()
    throw error
  }
}

/** Whoever read the path did not see whether the file changed: the end of a range does. */
async function* withCheck(bytes: AsyncIterable<Buffer>, opened: Opened): AsyncGenerator<Buffer> {
  yield* bytes
  for await (const _ of opened.read({ start: 0, end: 1 }));
}
