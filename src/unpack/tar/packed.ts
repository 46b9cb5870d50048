/** A tar archive within gzip or zstd: its bytes one after the other, as there is no other way. */
import type { UnpackLimits } from '../../domain/unpack.ts'
import { SluiceError } from '../../errors.ts'
import { unpackHead } from '../inflate.ts'
import { type Packing, packingOf } from '../packing.ts'
import { start } from '../start.ts'
import { unpackWithin } from '../text.ts'
import { blockBytes, isTar } from './header.ts'

interface PackedFile {
  file: string
  /** The first bytes of the file, or all of them. */
  head: Buffer
  limits: UnpackLimits
  /** All of its bytes. */
  read(): AsyncIterable<Buffer>
}

/** As many bytes of gzip as come to a header of tar. */
const quickBytes = 1024

/** Is there a tar archive within? A damaged file is none: the one who reads it as text will say so. */
export async function holdsTar({ file, head, limits, read }: PackedFile): Promise<boolean> {
  const packing = packingOf(head)
  if (packing !== 'gzip' && packing !== 'zstd') return false
  const quick = packing === 'gzip' ? unpackHead(head.subarray(0, quickBytes)) : null
  if (quick && quick.length >= blockBytes) return isTar(quick)
  try {
    const started = await start(unpackWithin(read(), packing, { file, limits }), blockBytes)
    await started.close()
    return isTar(started.head)
  } catch (error) {
    if (error instanceof SluiceError && unreadable.has(error.code)) return false
    throw error
  }
}

const unreadable = new Set(['packed_file_damaged', 'packing_unsupported', 'unpack_limit'])

/** @throws packed_file_damaged, unpack_limit */
export function unpackTar({ file, head, limits, read }: PackedFile): AsyncIterable<Buffer> {
  return unpackWithin(read(), packingOf(head) as Exclude<Packing, 'zip'>, { file, limits })
}
