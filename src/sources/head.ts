/** The first bytes of a listed file, unpacked and decoded as staging would. */
import type { EncodingDoubt, UnpackLimits } from '../domain/unpack.ts'
import type { ListedFile } from '../domain/words.ts'
import { headBytes, openText } from '../unpack/text.ts'
import type { Source } from './source.ts'

export interface Head {
  /** Up to 1 MiB, in UTF-8. */
  bytes: Buffer
  /** They are all there is of the file. */
  whole: boolean
  /** What they were written in, when it was not UTF-8. */
  encoding?: string
  /** See unpack/text.ts. */
  encodingDoubt?: EncodingDoubt
}

/** @throws what opening and unpacking a file throw */
export async function readHeadBytes(
  source: Source,
  file: ListedFile,
  { format, limits }: { format: { encoding?: string }; limits: UnpackLimits },
  signal: AbortSignal,
): Promise<Head> {
  const opened = await source.open(file, signal)
  try {
    const { packing } = opened
    const options = { file: file.name, format, limits, ...(packing && { packing }) }
    const text = await openText(opened.read(), options)
    await text.close()
    const bytes = text.head.subarray(0, headBytes)
    const whole = text.whole && bytes.length === text.head.length
    const { encoding, encodingDoubt } = text
    return {
      bytes,
      whole,
      ...(encoding && { encoding }),
      ...(encodingDoubt && { encodingDoubt }),
    }
  } finally {
    await opened.close()
  }
}
