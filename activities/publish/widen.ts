/**
 * Widens sampled columns whose type did not take every value, and loads those rejects again.
 *
 * It runs in the transaction that publishes, before anything is judged or moved: the wider table,
 * the rows, the receipts and the end of the rejects are seen together or not at all.
 */
import { valuesOf } from '../../src/csv/records.ts'
import type { Column } from '../../src/domain/columns.ts'
import { type Terms, termsOf } from '../../src/domain/values.ts'
import { canWiden, widerTypes } from '../../src/domain/widen.ts'
import { changeDateOrder } from '../../src/postgres/copy/copy.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { type IngestEntry, recordColumns } from '../../src/postgres/ledger/ingests.ts'
import {
  correctReceipts,
  type OpenReject,
  openPages,
  readLayouts,
  removeRejects,
  updateRefused,
} from '../../src/postgres/ledger/openRejects.ts'
import { takesAll } from '../../src/postgres/target/types.ts'
import {
  alterTypes,
  asRecorded,
  clearToReload,
  countToReload,
} from '../../src/postgres/target/widen.ts'
import { reload } from './reload.ts'

/** @returns the columns as they are now */
export async function widen(
  tx: Connection,
  ingestId: string,
  { columns, landing }: Pick<IngestEntry, 'columns' | 'landing'>,
): Promise<Column[] | null> {
  if (!columns || !landing) return columns
  if ((await countToReload(tx, ingestId)) === 0) return columns
  // Rows of before are there by the types of before: a quoted empty field is NULL in a number.
  const into = { ingestId, table: landing, columns }
  const sampled = columns.filter(({ sampled: is, type }) => is && canWiden(type))
  const same = await asRecorded(tx, landing, sampled)
  const mayChange = sampled.filter(({ name }) => same.has(name))
  const types = await findTypes(tx, ingestId, mayChange)
  const changed = columns.flatMap((column) => {
    const type = types.get(column.name) ?? column.type
    return type === column.type ? [] : [{ ...column, type }]
  })
  if (changed.length > 0 && (await alterTypes(tx, landing, changed))) {
    const now = columns.map((column) => changed.find(({ name }) => name === column.name) ?? column)
    await reloadMisfits(tx, into, [...types.keys()])
    await recordColumns(tx, ingestId, now)
    await clearToReload(tx, ingestId)
    return now
  }
  await clearToReload(tx, ingestId)
  return columns
}

/** For each column the narrowest type that takes all that its own type has taken, and the rejects. */
async function findTypes(
  tx: Connection,
  ingestId: string,
  columns: readonly Column[],
): Promise<Map<string, string>> {
  const possible = new Map(columns.map(({ name, type }) => [name, widerTypes(type)]))
  for await (const page of openPages(tx, ingestId, [...possible.keys()])) {
    const undecided = [...possible].filter(([, types]) => types.length > 1)
    if (undecided.length === 0) break
    const values = await valuesOfColumns(tx, { ingestId, page }, new Map(undecided))
    for (const [name, types] of undecided) {
      const taking: string[] = []
      for (const type of types) if (await takesEach(tx, type, values.get(name))) taking.push(type)
      possible.set(name, taking)
    }
  }
  return new Map([...possible].map(([name, types]) => [name, types[0] ?? 'text']))
}

/** Values that are written in the same terms. */
interface Alike {
  terms: Terms
  values: Set<string>
}

async function takesEach(
  tx: Connection,
  type: string,
  groups: ReadonlyMap<string, Alike> = new Map(),
): Promise<boolean> {
  for (const { terms, values } of groups.values()) {
    await changeDateOrder(tx, terms)
    if (!(await takesAll(tx, type, [...values], terms))) return false
  }
  return true
}

/**
 * What the rejects have in each column, by the terms of their files. COPY names but the first one
 * that does not fit.
 */
async function valuesOfColumns(
  tx: Connection,
  { ingestId, page }: { ingestId: string; page: readonly OpenReject[] },
  wanted: ReadonlyMap<string, unknown>,
): Promise<Map<string, Map<string, Alike>>> {
  const unitNos = [...new Set(page.map(({ unitNo }) => unitNo))]
  const layouts = await readLayouts(tx, ingestId, unitNos)
  const found = new Map<string, Map<string, Alike>>()
  for (const { unitNo, raw } of page) {
    const layout = layouts.get(unitNo)
    if (!layout) continue
    const { nullText, nullWords = [] } = layout.dialect
    const terms = termsOf(layout.dialect)
    for (const [index, value] of valuesOf(raw, layout.dialect).entries()) {
      const name = layout.columns[index]
      // Quoted or not, the text for NULL is NULL to all types but texts.
      if (value === null || value === nullText || nullWords.includes(value)) continue
      if (name === undefined || !wanted.has(name)) continue
      const groups = found.get(name) ?? new Map<string, Alike>()
      found.set(name, groups)
      const key = JSON.stringify(terms)
      const group = groups.get(key) ?? { terms, values: new Set() }
      groups.set(key, group)
      group.values.add(value)
    }
  }
  return found
}

async function reloadMisfits(
  tx: Connection,
  into: { ingestId: string; table: string; columns: Column[] },
  names: string[],
): Promise<void> {
  const { ingestId } = into
  for await (const page of openPages(tx, ingestId, names)) {
    const attempts = page.map((reject) => ({ reject, raw: reject.raw }))
    const { loaded, refused } = await reload(tx, into, attempts)
    await removeRejects(tx, loaded)
    await correctReceipts(tx, ingestId, loaded)
    await updateRefused(tx, null, refused)
  }
}
