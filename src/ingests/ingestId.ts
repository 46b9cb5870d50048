/** Ids for ingests whose client gave none: readable, sortable by day, and never the same twice. */
import { randomInt } from 'node:crypto'

/** The characters of an id, without letters and digits that look alike. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'
const slugMax = 40

/** `trips-20261122-k3f9ab`, from the name of the target, or of the first step. */
export function newIngestId(name: string, now = new Date()): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, slugMax)
    .replace(/^-+|-+$/g, '')
  const day = now.toISOString().slice(0, 10).replaceAll('-', '')
  const tail = Array.from({ length: 6 }, () => alphabet[randomInt(alphabet.length)]).join('')
  return `${slug || 'ingest'}-${day}-${tail}`
}
