/** What a file is packed with, by its first bytes; names say nothing. */
import { sluiceError } from '../errors.ts'
import { isTar } from './tar/header.ts'

export type Packing = 'gzip' | 'zstd' | 'zip'

const starts: [Packing, string][] = [
  ['gzip', '\x1f\x8b\x08'],
  ['zstd', '\x28\xb5\x2f\xfd'],
  ['zip', 'PK\x03\x04'],
  // An empty archive, and one that was to be of several parts.
  ['zip', 'PK\x05\x06'],
  ['zip', 'PK\x07\x08'],
]

const foreign: [string, string][] = [
  ['bzip2', 'BZh'],
  ['xz', '\xfd7zXZ\x00'],
  ['7-Zip', '7z\xbc\xaf\x27\x1c'],
  ['RAR', 'Rar!\x1a\x07'],
  ['lz4', '\x04\x22\x4d\x18'],
  ['compress', '\x1f\x9d'],
]

/** A skippable frame, which zstd may begin with: 0x184D2A50 to 0x184D2A5F. */
const isSkippable = (head: Buffer): boolean =>
  head.length >= 4 && head.readUInt32LE(0) >>> 4 === 0x184d2a5

/** @param head the first 4 bytes, or more */
export function packingOf(head: Buffer): Packing | null {
  if (isSkippable(head)) return 'zstd'
  return starts.find(([, start]) => isAt(head, 0, start))?.[0] ?? null
}

/**
 * Packings that are not read. Two letters may be a name in a header, so text is let through.
 * @throws packing_unsupported, spreadsheet_unsupported
 */
export function refuseForeign(head: Buffer, file: string): void {
  const found = foreign.find(
    ([what, start]) => isAt(head, 0, start) && (what !== 'bzip2' || isBzip(head)),
  )
  const what = found?.[0] ?? tarIn(head)
  if (what) throw sluiceError('packing_unsupported', { file, problem: `it is ${what}` })
  refuseOle(head, file)
}

function tarIn(head: Buffer): string | null {
  if (isTar(head)) return 'tar within another file, or after a step'
  return isAt(head, 257, 'ustar') ? 'tar, and its first header is damaged' : null
}

const oleStart = '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'

/** By the names of the streams in them; all of them have the last one. */
const oleKinds: [stream: string, what: string][] = [
  ['EncryptedPackage', 'a document with a password'],
  ['Workbook', 'a workbook of Excel before 2007 (.xls)'],
  ['Book', 'a workbook of Excel before 2007 (.xls)'],
  ['', 'a document of an office program before 2007'],
]

/** Documents of before 2007, and later ones with a password, lie in a container of their own. */
function refuseOle(head: Buffer, file: string): void {
  if (!isAt(head, 0, oleStart)) return
  const has = (name: string) => head.includes(Buffer.from(name, 'utf16le'))
  const [, what = ''] = oleKinds.find(([name]) => has(name)) ?? []
  throw sluiceError('spreadsheet_unsupported', { file, what })
}

/** A digit and the start of a block. */
const isBzip = (head: Buffer): boolean => isAt(head, 4, '1AY&SY') || isAt(head, 4, '\x17rE8P\x90')

const isAt = (head: Buffer, at: number, text: string): boolean =>
  head.length >= at + text.length && head.toString('latin1', at, at + text.length) === text
