/** A bound of an option: a count, or a share. */
import { Type } from 'typebox'

export const countOrShare = Type.Union([
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  Type.String({ pattern: '^\\d{1,3}(\\.\\d+)?%$' }),
])

/** As the command line has it. */
export const readCountOrShare = (text: string): number | string =>
  /^\d+$/.test(text) ? Number(text) : text

export const mustBeCountOrShare = 'a count, or a share like 1%'

export const isOverAll = (bound: number | string | null | undefined): boolean =>
  typeof bound === 'string' && Number.parseFloat(bound) > 100
