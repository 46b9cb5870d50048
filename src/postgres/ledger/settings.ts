/** What holds for all workers and can be changed while they run. */
import type { Connection, Db } from '../db.ts'

/** The budget of the target: units that load at once, over all workers and ingests. */
export async function readUnitsMax(db: Db | Connection): Promise<number | null> {
  const { rows } = await db.query(`select value from sluice.settings where name = 'units_max'`)
  return rows[0]?.value ?? null
}

/** @param unitsMax null takes the limit away */
export async function writeUnitsMax(db: Db, unitsMax: number | null): Promise<void> {
  if (unitsMax === null) {
    await db.query(`delete from sluice.settings where name = 'units_max'`)
    return
  }
  await db.query(
    `insert into sluice.settings (name, value) values ('units_max', $1)
     on conflict (name) do update set value = excluded.value, set_at = now()`,
    [JSON.stringify(unitsMax)],
  )
}

/** Names this ledger: a UUID. */
export async function readLedgerId(db: Db): Promise<string> {
  const { rows } = await db.query(`select value from sluice.settings where name = 'ledger'`)
  return rows[0].value
}
