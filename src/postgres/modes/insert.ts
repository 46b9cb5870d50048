/** insert: rows whose key is not there are added; a row that is there is never touched. */
import { asLanded, insertRows } from './append.ts'
import { checkKey } from './key.ts'
import { keepWritersOut, keyed } from './keyed.ts'
import type { Mode } from './mode.ts'
import { firstOfEachKey, withoutKey } from './settle.ts'

export const insert: Mode = {
  ...keyed,
  check: (db, candidate, into) => checkKey(db, candidate, { into, rights: ['select'] }),
  async settle(tx, filling) {
    await keepWritersOut(tx, filling)
    return (await withoutKey(tx, filling)) + (await firstOfEachKey(tx, filling))
  },
  judged: async (_, { landing }) => asLanded(landing),
  async fill(tx, filling, range) {
    const { rows } = await insertRows(tx, filling, range)
    const changes = { rowsInserted: rows, rowsUpdated: 0, rowsUnchanged: 0, rowsDeleted: 0 }
    return { rows, changes }
  },
}
