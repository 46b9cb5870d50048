/** How a unit is shown: one schema gives the type, the documentation and the reply. */
import { type Static, Type } from 'typebox'
import type { UnitView } from '../postgres/ledger/units.ts'

const orNull = (type: 'integer' | 'string', description = '') =>
  Type.Unsafe<number | string | null>({ type: [type, 'null'], description })

export const Unit = Type.Object({
  unitNo: Type.Integer(),
  sizeBytes: Type.Integer(),
  records: Type.Integer({ description: 'Data records that staging counted.' }),
  splits: Type.Integer(),
  rowsRead: orNull('integer', 'null until the unit is loaded.'),
  rowsLoaded: orNull('integer'),
  rowsRejected: orNull('integer'),
  rowsSkipped: orNull('integer', 'Rows whose key was there already.'),
  rowsFiltered: orNull('integer', 'Rows that the spec leaves out by a condition.'),
  rowsSuperseded: orNull('integer', 'Rows that another one with the same key replaced.'),
  lane: orNull('string', 'fast: raw bytes into COPY. repair: every record looked at.'),
  worker: orNull('string'),
  attempt: orNull('integer'),
  startedAt: orNull('string'),
  loadedAt: orNull('string'),
})
export type Unit = Static<typeof Unit>

export const showUnit = ({ startedAt, loadedAt, ...unit }: UnitView): Unit => ({
  ...unit,
  startedAt: startedAt?.toISOString() ?? null,
  loadedAt: loadedAt?.toISOString() ?? null,
})
