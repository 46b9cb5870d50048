/** Makes the members of archives files of their own, and the tables of documents that are archives. */
import { outermost } from './members/address.ts'
import { listedAs } from './members/list.ts'
import { openListed, type Unpacking } from './members/open.ts'
import type { Source } from './source.ts'

/** The same source, with the members of an archive in place of the archive. */
export function withMembers(source: Source, unpacking: Unpacking): Source {
  return {
    async *list(signal, onLeftOut) {
      const listing = { ...unpacking, source, signal, onLeftOut }
      for await (const file of source.list(signal, onLeftOut)) yield* listedAs(file, listing)
    },
    open: (file, signal) => openListed(file, { ...unpacking, source, signal }),
    // A member counts as its archive does.
    sha256: async (file) => (await source.sha256?.(outermost(file))) ?? null,
  }
}
