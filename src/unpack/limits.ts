/** Holds unpacking to its limits, byte by byte: a bomb gets no room to go off in. */
import { type UnpackLimits, unpackFreeBytes } from '../domain/unpack.ts'
import { sluiceError } from '../errors.ts'

/** Counts what goes in. */
export class Packed {
  bytes = 0

  async *counted(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of packed) {
      this.bytes += chunk.length
      yield chunk
    }
  }
}

/** Lets through what comes out, up to the limits. @throws unpack_limit */
export async function* within(
  unpacked: AsyncIterable<Buffer>,
  packed: Packed,
  { file, limits }: { file: string; limits: UnpackLimits },
): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of unpacked) {
    bytes += chunk.length
    checkSize(file, bytes, limits)
    checkRatio(file, { packed: packed.bytes, unpacked: bytes }, limits)
    yield chunk
  }
}

/** @throws unpack_limit */
export function checkSize(file: string, unpacked: number, { bytesMax }: UnpackLimits): void {
  if (unpacked <= bytesMax) return
  const problem = `it comes to more than ${bytesMax} bytes`
  throw sluiceError('unpack_limit', { file, problem, setting: 'SLUICE_UNPACK_BYTES' })
}

/** @throws unpack_limit */
export function checkRatio(
  file: string,
  { packed, unpacked }: { packed: number; unpacked: number },
  { ratioMax }: UnpackLimits,
): void {
  if (unpacked <= unpackFreeBytes || unpacked <= packed * ratioMax) return
  const problem = `${packed} bytes came to ${unpacked}, more than ${ratioMax} times as many`
  throw sluiceError('unpack_limit', { file, problem, setting: 'SLUICE_UNPACK_RATIO' })
}

/** @throws unpack_limit */
export function mustBeFew(file: string, members: number, { membersMax }: UnpackLimits): void {
  if (members <= membersMax) return
  const problem = `it has more than ${membersMax} members`
  throw sluiceError('unpack_limit', { file, problem, setting: 'SLUICE_UNPACK_MEMBERS' })
}
