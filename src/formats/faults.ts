/** Faults that records of any format may have. */
import { isUtf8 } from 'node:buffer'
import { rejectReason } from '../errors/rejects.ts'
import type { Fault } from './reader.ts'

export function wrongCount(fields: number, width: number): Fault {
  const found = `${fields} ${fields === 1 ? 'field' : 'fields'}`
  return { ...rejectReason('wrong_column_count', { fields: found, width }), column: null }
}

/** Looks at bytes that PostgreSQL cannot store: at the slice first, which is nearly always clean. */
export class ByteCheck {
  readonly #slice: Buffer
  /** Whether no record has a fault. */
  readonly isClean: boolean

  constructor(slice: Buffer) {
    this.#slice = slice
    this.isClean = isUtf8(slice) && !slice.includes(0)
  }

  fault(start: number, end: number): Fault | null {
    if (this.isClean) return null
    const raw = this.#slice.subarray(start, end)
    if (!isUtf8(raw)) return { ...rejectReason('invalid_utf8', {}), column: null }
    return raw.includes(0) ? { ...rejectReason('nul_byte', {}), column: null } : null
  }
}
