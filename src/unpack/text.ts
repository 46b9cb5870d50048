/** The bytes of a file as text in UTF-8, whatever it was packed with and written in. */
import iconv from 'iconv-lite'
import type { EncodingDoubt, UnpackLimits } from '../domain/unpack.ts'
import { sluiceError } from '../errors.ts'
import { encodingOf, markOf, sniffEncoding } from './encoding.ts'
import { gunzip } from './inflate.ts'
import { Packed, within } from './limits.ts'
import { type Packing, packingOf, refuseForeign } from './packing.ts'
import { type Started, start } from './start.ts'
import { contradictionOf, isUtf8Instead } from './unlikely.ts'
import { unzstd } from './zstd.ts'

/** As much as is looked at to find out how a file is written. */
export const headBytes = 1 << 20

export interface Text extends Started {
  /** Left out when the bytes were not packed. */
  packing?: Packing | 'tar'
  /** Left out when they were UTF-8. */
  encoding?: string
  /** Why the encoding may be wrong. Absent where nothing speaks against it. */
  encodingDoubt?: EncodingDoubt
  /** How many characters of the bytes read so far are U+FFFD. Absent when they were UTF-8. */
  replaced?: () => number
}

export interface TextOptions {
  file: string
  format: { encoding?: string }
  limits: UnpackLimits
  /** The format of the archive that the bytes are a member of, if they are. */
  packing?: Packing | 'tar'
}

/**
 * Nothing is held but what is looked at. A text without packing and encoding is the bytes as they
 * came.
 * @throws packing_unsupported, packed_file_damaged, unpack_limit, encoding_unknown,
 *   encoding_contradicted
 */
export const openText = async (raw: AsyncIterable<Buffer>, options: TextOptions): Promise<Text> =>
  decodeText(await openUnpacked(raw, options), options)

/** @throws encoding_unknown, encoding_contradicted */
export async function decodeText(text: Text, options: TextOptions): Promise<Text> {
  const { format } = options
  try {
    const head = text.head.subarray(0, headBytes)
    const encoding = format.encoding
      ? givenEncoding(head, format.encoding, options)
      : sniffEncoding(head)
    if (encoding === null) return text
    const { packing } = text
    const doubt = format.encoding ? givenDoubt(text) : guessDoubt(head)
    const tally = { replaced: 0 }
    const decoded = await start(decode(text.bytes, encoding, tally), headBytes)
    return {
      ...decoded,
      encoding,
      replaced: () => tally.replaced,
      ...(doubt && { encodingDoubt: doubt }),
      ...(packing && { packing }),
    }
  } catch (error) {
    await text.close()
    throw error
  }
}

/** The bytes out of their packing, whatever they are. @throws packing_unsupported, packed_file_damaged, unpack_limit */
export async function openUnpacked(
  raw: AsyncIterable<Buffer>,
  options: Omit<TextOptions, 'format'>,
): Promise<Text> {
  const { packing } = options
  const text: Text = { ...(await start(raw, headBytes)), ...(packing && { packing }) }
  try {
    return await unpacked(text, options)
  } catch (error) {
    await text.close()
    throw error
  }
}

/** @throws encoding_unknown, encoding_contradicted */
function givenEncoding(head: Buffer, given: string, { file }: TextOptions): string | null {
  const encoding = encodingOf(given)
  const problem = contradictionOf(head, encoding)
  if (problem === null) return encoding
  throw sluiceError('encoding_contradicted', { file, encoding: given, problem })
}

const givenDoubt = ({ head, whole }: Text): EncodingDoubt | null =>
  isUtf8Instead(head, whole) ? 'is utf-8' : null

const guessDoubt = (head: Buffer): EncodingDoubt | null =>
  markOf(head) === null ? 'guessed' : null

async function unpacked(
  text: Text,
  { file, limits, packing }: Omit<TextOptions, 'format'>,
): Promise<Text> {
  const found = packingOf(text.head)
  if (found === null) {
    refuseForeign(text.head, file)
    return text
  }
  if (found === 'zip')
    throw nested(file, 'it is a zip archive within another file, or after a step')
  const started = await start(unpackWithin(text.bytes, found, { file, limits }), headBytes)
  const inner = packingOf(started.head)
  if (inner === null) {
    refuseForeign(started.head, file)
    return { ...started, packing: packing ?? found }
  }
  await started.close()
  throw nested(file, `there is ${inner} within its ${found}`)
}

/** What comes out of packed bytes, held to the limits. @throws packed_file_damaged, unpack_limit */
export function unpackWithin(
  raw: AsyncIterable<Buffer>,
  packing: Exclude<Packing, 'zip'>,
  { file, limits }: { file: string; limits: UnpackLimits },
): AsyncGenerator<Buffer> {
  const packed = new Packed()
  const unpack = packing === 'gzip' ? gunzip : unzstd
  return within(unpack(packed.counted(raw), file), packed, { file, limits })
}

const nested = (file: string, problem: string): Error =>
  sluiceError('packing_unsupported', { file, problem })

/** In small pieces: large strings would live until the whole heap is cleaned. */
const pieceBytes = 64 * 1024

/** What stands for bytes that are no character of the encoding. */
const replacement = '\ufffd'

/** @param tally takes how often that was needed: nothing is changed without a word */
async function* decode(
  bytes: AsyncIterable<Buffer>,
  encoding: string,
  tally: { replaced: number },
): AsyncGenerator<Buffer> {
  const decoder = iconv.getDecoder(encoding)
  // Filled anew for every piece. A code unit takes three bytes at most.
  let buffer = Buffer.alloc(0)
  const encoded = (text: string) => {
    if (buffer.length < text.length * 3) buffer = Buffer.allocUnsafeSlow(text.length * 3)
    const bytes = buffer.subarray(0, buffer.write(text))
    tally.replaced += countOf(replacement, bytes)
    return bytes
  }
  let held = ''
  let sizeBytes = 0
  for await (const chunk of bytes) {
    sizeBytes += chunk.length
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      const text = held + decoder.write(chunk.subarray(at, at + pieceBytes))
      // The first half of a character that two code units make.
      const isCut = /[\ud800-\udbff]$/.test(text)
      held = isCut ? text.slice(-1) : ''
      if (text.length > held.length) yield encoded(isCut ? text.slice(0, -1) : text)
    }
  }
  const rest = held + (decoder.end() ?? '') + halfOf(encoding, sizeBytes)
  if (rest) yield encoded(rest)
}

/** The decoder would leave out half a code unit at the end. */
const halfOf = (encoding: string, sizeBytes: number): string =>
  encoding.startsWith('utf-16') && sizeBytes % 2 > 0 ? replacement : ''

function countOf(what: string, bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(what); at >= 0; at = bytes.indexOf(what, at + 1)) count++
  return count
}
