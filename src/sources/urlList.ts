/** A file that lists addresses, one a line. */
import { createHash } from 'node:crypto'
import { messageOf, SluiceError, sluiceError } from '../errors.ts'
import { parseUrl } from '../http/url.ts'
import type { Source } from './source.ts'

export interface UrlList {
  urls: URL[]
  /** What the list hashes to; undefined for addresses that stand in the spec. */
  sha256: string | undefined
}

const bytesMax = 16 * 1024 * 1024
const urlsMax = 100_000

/**
 * Blank lines and those that begin with `#` are left out.
 * @throws url_list_invalid, and what the source throws
 */
export async function readUrlList(source: Source, signal: AbortSignal): Promise<UrlList> {
  const urls: URL[] = []
  const hash = createHash('sha256')
  for await (const file of source.list(signal)) {
    const refuse = (problem: string, cause?: unknown) =>
      sluiceError('url_list_invalid', { file: file.name, problem }, { cause })
    const opened = await source.open(file, signal)
    const bytes = await readBounded(opened.read(), refuse).finally(() => opened.close())
    hash.update(bytes)
    for (const [index, line] of textOf(bytes, refuse)
      .split(/\r\n|\n|\r/)
      .entries()) {
      const text = line.trim()
      if (text !== '' && !text.startsWith('#')) urls.push(urlIn(text, index + 1, refuse))
    }
    if (urls.length > urlsMax) throw refuse(`it has more than ${urlsMax} addresses`)
    if (urls.length === 0) throw refuse('it has no address')
  }
  return { urls, sha256: hash.digest('hex').slice(0, 16) }
}

type Refuse = (problem: string, cause?: unknown) => Error

async function readBounded(chunks: AsyncIterable<Buffer>, refuse: Refuse): Promise<Buffer> {
  const copies: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > bytesMax) throw refuse('it is larger than 16 MiB')
    copies.push(Buffer.from(chunk))
  }
  return Buffer.concat(copies)
}

function textOf(bytes: Buffer, refuse: Refuse): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw refuse('it is not UTF-8', cause)
  }
}

function urlIn(text: string, line: number, refuse: Refuse): URL {
  try {
    return parseUrl(text)
  } catch (error) {
    throw error instanceof SluiceError ? refuse(`line ${line}: ${messageOf(error)}`) : error
  }
}
