/** What a mode decides: what becomes of the rows that the target has, and how others come to them. */
import type { Changes } from '../../domain/counts.ts'
import type { TableName } from '../../domain/table.ts'
import type { Note } from '../../errors/notes.ts'
import type { ModeSpec } from '../../spec/modes.ts'
import type { Connection, Db } from '../db.ts'
import type { TargetTable } from '../target/targetTable.ts'
import type { Keep } from '../undo/keep.ts'

/** A target that rows may be inserted into. */
export interface Candidate {
  oid: number
  table: TableName
  /** Whether we own it. */
  owned: boolean
  /** The role that we are. */
  role: string
  columns: TargetTable['columns']
  partitioned: boolean
}

/** Which rows the constraints of the target judge, and by what they know their own row in it. */
export interface Judged {
  /** As SQL: rows of the landing table, with the column that numbers them. */
  rows: string
  /** Columns of theirs that the landing table does not have. */
  also: readonly string[]
  /** The columns by which a row finds its own row in the target, which it will change; or null. */
  key: readonly string[] | null
  /** As SQL: the rows that the target has and keeps, as they will be; null for all as they are. */
  staying: string | null
}

/** Rows of a landing table that numbers them: those behind `after` up to `to`. Numbers are as PostgreSQL writes them. */
export interface RowRange {
  /** As SQL: the column that numbers them. */
  row: string
  after: string
  to: string
}

/** What publish has in its transaction, with the target locked. */
export interface Filling {
  ingestId: string
  into: ModeSpec
  target: TableName
  landing: TableName
  there: Pick<TargetTable, 'partitioned' | 'columns'>
  /** The columns that the landing table fills; none when the files had no record. */
  columns: TargetTable['columns']
  /** The landing table has all rows of the source that could be read. */
  isWhole?: boolean
  /** No other table may take the place of the target. */
  inPlace?: boolean
  /** Takes what the mode waits for, in words. */
  onWait?: (what: string) => void
  /** Takes what an undo needs of the rows that are written; absent if they cannot be taken back. */
  keep?: Keep
}

/** What became of the rows of a landing table. */
export interface Filled {
  /** How many of them the target has taken, or has been changed by, or had already. */
  rows: number
  /** Null when the mode does not tell them apart. */
  changes: Changes | null
  /** They are in another table, which has taken the place of the target. */
  isNewTable?: boolean
}

/**
 * `rows`: one after the other, so that single ones can be tried; `statement`: one statement, without
 * which none of them can go in; `copy`: into another table, which takes the place of the target.
 */
export type FillsBy = 'rows' | 'statement' | 'copy'

export interface Mode {
  /**
   * The lock on the target, from the comparison with the plan to the commit. It keeps others from
   * altering the table; a mode that must keep them from more locks it again when it makes room.
   */
  lock: 'row exclusive' | 'share update exclusive'
  /** Whether the rows stay that are there. If they do, keys of new rows are held against theirs. */
  keepsRows: boolean
  /**
   * Whether rows are found by a key. Then the landing table numbers its rows, and a target that is not
   * there is made with that key before it is filled.
   */
  isKeyed: boolean
  /**
   * The columns by which an undo finds each row that the mode has inserted, updated or deleted: `fill`
   * puts what is needed into `keep`. Null for a mode that only adds rows, takes all of them away, or
   * cannot be taken back.
   */
  undoKey: ((into: ModeSpec) => readonly string[]) | null
  /** Gives a target that was made just now what its rows are found by; absent where they have no key. */
  addKey?(tx: Connection, target: TableName, into: ModeSpec): Promise<void>
  /** @throws target_not_writable, … when the mode needs more of the target than to insert into it */
  check(db: Db | Connection, candidate: Candidate, into: ModeSpec): Promise<void>
  /**
   * Whether the landing table may take the place of the target, so that no row is written twice.
   * It then has all columns of the target.
   */
  mayTakePlace(there: Pick<TargetTable, 'bare'>): boolean
  /** What is to be told of a target that is there, with the plan. */
  notes(db: Db | Connection, target: TableName): Promise<Note[]>
  /**
   * Marks rows of the landing table that are not for the target: those without a key, and those that
   * others with their key have taken the place of. It comes before all else, once.
   * @returns how many
   */
  settle(tx: Connection, filling: Filling): Promise<number>
  /** The rows of the landing table as the constraints of the target are to judge them. */
  judged(tx: Connection, filling: Filling): Promise<Judged>
  /** Takes the rows of the target away that must not be there when it is filled by ranges. */
  makeRoom(tx: Connection, filling: Filling): Promise<void>
  /**
   * Puts rows of the landing table into the target.
   * @param range absent for all of them: then it makes room for them itself
   */
  fill(tx: Connection, filling: Filling, range?: RowRange): Promise<Filled>
  /** How `fill` brings all rows in. */
  fillsBy(tx: Connection, filling: Filling): Promise<FillsBy>
}
