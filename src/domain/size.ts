/** Sizes as people write them: `500MB`, `1.5 GiB`, or bytes. */
import { Type } from 'typebox'

const text = /^(\d{1,12}(?:\.\d{1,9})?) ?(?:([kmgt])(i?))?b$/i

/** Made from `text` by hand, for JSON Schema has no flags. */
const pattern = '^\\d{1,12}(\\.\\d{1,9})? ?([kKmMgGtT][iI]?)?[bB]$'

export const Size = Type.Union(
  [Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.String({ pattern })],
  {
    description:
      'Bytes, or a text with a unit, like "1GB" or "512 MiB": ' +
      'kB, MB, GB and TB count by 1000, KiB, MiB, GiB and TiB by 1024.',
  },
)

const exponents = ['', 'k', 'm', 'g', 't']

/** A size in bytes; null for a text that is no size. */
export function parseSize(size: number | string): number | null {
  if (typeof size === 'number') return size
  const [, amount, prefix = '', binary = ''] = text.exec(size) ?? []
  if (amount === undefined) return null
  const base = binary ? 1024 : 1000
  return Math.round(Number(amount) * base ** exponents.indexOf(prefix.toLowerCase()))
}
