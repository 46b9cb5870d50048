/** Commands for one worker: given, taken once, answered. */
import type { Answer, Command } from '../../domain/worker.ts'
import type { Connection, Db } from '../db.ts'
import { channels, notified } from '../notify.ts'

/** @returns the id of the command; the worker takes it within `voidAfterMs` or never */
export async function giveCommand(
  db: Db,
  instance: string,
  command: Command,
  voidAfterMs: number,
): Promise<number> {
  const { rows } = await db.query(
    `insert into sluice.commands (instance, command, void_at)
     values ($1, $2, now() + $3 * interval '1 ms')
     returning command_id as id, ${notified(channels.commands, 'instance')}`,
    [instance, JSON.stringify(command), voidAfterMs],
  )
  return rows[0].id
}

/** Takes what waits for the worker, oldest first: from here on it is the worker's to answer. */
export async function takeCommands(
  db: Connection,
  instance: string,
): Promise<{ id: number; command: Command }[]> {
  const { rows } = await db.query(
    `with taken as (
       update sluice.commands set taken_at = now()
       where instance = $1 and taken_at is null and void_at > now()
       returning command_id as id, command
     ) select * from taken order by id`,
    [instance],
  )
  return rows
}

export async function answerCommand(db: Connection, id: number, answer: Answer): Promise<void> {
  await db.query(
    `update sluice.commands set answered_at = now(), answer = $2 where command_id = $1
     returning ${notified(channels.answers, 'command_id')}`,
    [id, JSON.stringify(answer)],
  )
}

export interface CommandView {
  takenAt: Date | null
  answer: Answer | null
}

export async function viewCommand(db: Db, id: number): Promise<CommandView> {
  const { rows } = await db.query(
    `select taken_at as "takenAt", answer from sluice.commands where command_id = $1`,
    [id],
  )
  return rows[0] ?? { takenAt: null, answer: null }
}

/** Takes a command back. @returns false when the worker has taken it already */
export async function voidCommand(db: Db, id: number): Promise<boolean> {
  const { rowCount } = await db.query(
    'update sluice.commands set void_at = now() where command_id = $1 and taken_at is null',
    [id],
  )
  return rowCount === 1
}
