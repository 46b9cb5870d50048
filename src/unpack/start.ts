/** A stream of bytes whose beginning has been looked at. */

export interface Started {
  /** As many bytes as were asked for, or all. Good until the second chunk of `bytes` is asked for. */
  head: Buffer
  /** `head` is all there is. */
  whole: boolean
  /** All bytes, from the first one. */
  bytes: AsyncIterable<Buffer>
  /** Releases the source. Called by a reader that does not read to the end. */
  close(): Promise<void>
}

/**
 * @param source its chunks are good until the next one is asked for
 * @param least how many bytes to look at
 */
export async function start(source: AsyncIterable<Buffer>, least: number): Promise<Started> {
  const iterator = source[Symbol.asyncIterator]()
  const close = async () => void (await iterator.return?.())
  let chunk: Buffer | null = null
  const copies: Buffer[] = []
  let length = 0
  let whole = false
  while (length < least) {
    if (chunk) copies.push(Buffer.from(chunk))
    const next = await iterator.next()
    chunk = next.done ? null : next.value
    if (next.done) {
      whole = true
      break
    }
    length += next.value.length
  }
  const head =
    copies.length === 0 && chunk ? chunk : Buffer.concat(chunk ? [...copies, chunk] : copies)
  return { head, whole, bytes: all(head, whole ? null : iterator), close }
}

async function* all(head: Buffer, rest: AsyncIterator<Buffer> | null): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head
    if (!rest) return
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest?.return?.()
  }
}
