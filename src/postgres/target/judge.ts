/**
 * Judges the rows of the landing table by the constraints of the target, by one statement or two
 * for each constraint.
 *
 * What breaks one is marked, see marks.ts. A constraint that cannot be judged so is left to the
 * target itself: it uses a column that cannot be foretold, or is of another kind.
 */

import { ownRows, quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { literal } from '../literal.ts'
import { rowColumn } from '../names.ts'
import { allowsTemporary } from '../temporary.ts'
import { attempt, type Case, keyText } from './case.ts'
import {
  type Check,
  type ConstrainedColumn,
  type ForeignKey,
  readConstraints,
  rowsAsTarget,
} from './constraints.ts'
import { judgeUniques } from './judgeUnique.ts'
import { createMarks, markColumns, unmarked, valuesOf, type Why } from './violations.ts'

export interface Judged {
  target: TableName
  landing: TableName
  /** Columns of `rows`. */
  filled: readonly string[]
  /** Whether the target's own rows stay: then keys of new rows are held against theirs. */
  keepsRows: boolean
  /** As SQL: the rows of the landing table that are judged. */
  rows: string
  /** The columns by which a row finds its own row in the target, which it will change; or null. */
  key: readonly string[] | null
  /** As SQL: the rows of the target that stay, as they will be; null for all as they are. */
  staying: string | null
}

/**
 * Keeps writers away from the target until the commit, and marks every row that breaks one of
 * its constraints.
 * @returns how many were marked
 */
export async function judge(tx: Connection, judged: Judged): Promise<number> {
  const { target, landing, filled, keepsRows, key, staying } = judged
  // Violations are marked in a temporary table.
  if (!(await allowsTemporary(tx))) return 0
  await attempt(tx, () => tx.query(`lock table ${quoteTable(target)} in share row exclusive mode`))
  await tx.query(`analyze ${quoteTable(landing)}`)
  await createMarks(tx)
  const constraints = await readConstraints(tx, target)
  const { columns, checks, foreignKeys, uniques, partitioned } = constraints
  const row = rowColumn(landing)
  const all = ownRows(target, partitioned)
  const there = keepsRows ? (staying ?? all) : null
  const rows = rowsAsTarget(constraints, {
    table: judged.rows,
    row,
    filled: new Set(filled),
    own: key && there ? { table: there, key } : null,
  })
  const at: Case = { tx, target, there, rows, row: quoteIdentifier(row), key: key ?? [] }

  let marked = 0
  const given = columns.filter(
    ({ name, notNull, generated }) => notNull && (generated || filled.includes(name)),
  )
  marked += await judgeNotNulls(at, given)
  for (const check of checks) marked += await attempt(tx, () => judgeCheck(at, check, partitioned))
  marked += await judgeReferences(at, foreignKeys)
  const duplicates = await judgeUniques(at, uniques)
  // Rows that are out may have been referenced by others.
  const own = foreignKeys.filter(({ self }) => self)
  return marked + duplicates + (duplicates > 0 ? await judgeReferences(at, own) : 0)
}

/** Marks the rows for which `broken` holds. */
const mark = ({ tx, rows, row }: Case, why: Why, broken: string) =>
  tx.query(
    `insert into pg_temp.sluice_marks ${markColumns}
     select r.${row}, ${valuesOf(why)} from ${rows} r
     where ${unmarked(`r.${row}`)} and ${broken}`,
  )

/** All in one statement, or one by one where one of them cannot be judged. */
async function judgeNotNulls(at: Case, columns: ConstrainedColumn[]): Promise<number> {
  const [plain, made] = [columns.filter((c) => !c.generated), columns.filter((c) => c.generated)]
  let marked = 0
  for (const group of [plain, ...made.map((column) => [column])]) {
    if (group.length > 0) marked += await attempt(at.tx, () => judgeNotNull(at, group))
  }
  return marked
}

function judgeNotNull(at: Case, columns: ConstrainedColumn[]) {
  const { tx, rows, row, target } = at
  const isNull = columns.map(({ name }) => `r.${quoteIdentifier(name)} is null`)
  const pick = (value: (column: ConstrainedColumn) => string | null) =>
    `case ${columns.map((each, no) => `when ${isNull[no]} then ${literal(value(each))}`).join(' ')} end`
  const text = (name: string) =>
    `null value in column "${name}" of relation "${target.name}" violates not-null constraint`
  return tx.query(
    `insert into pg_temp.sluice_marks ${markColumns}
     select r.${row}, ${pick(({ notNullName }) => notNullName)}, '23502',
            ${pick(({ name }) => name)}, ${pick(({ name }) => text(name))}
     from ${rows} r where ${isNull.join(' or ')}`,
  )
}

/** An expression names its columns without a table, so it stands where there is but one. */
function judgeCheck(at: Case, { name, column, expression }: Check, partitioned: boolean) {
  const { tx, rows, row, target } = at
  const relation = `relation "${target.name}"`
  const bounds = partitioned
    ? `no partition of ${relation} found for row`
    : `new row for ${relation} violates partition constraint`
  const text = name ? `new row for ${relation} violates check constraint "${name}"` : bounds
  const why = { constraint: name, code: '23514', column, error: literal(text) }
  return tx.query(
    `insert into pg_temp.sluice_marks ${markColumns}
     select r.row_no, ${valuesOf(why)}
     from (select ${row} as row_no from ${rows} t where not (${expression})) r
     where ${unmarked('r.row_no')}`,
  )
}

/**
 * Rows of the same ingest count as referenced as long as they are not marked, so those that
 * reference a marked one are found by going on until there is none left.
 */
async function judgeReferences(at: Case, foreignKeys: readonly ForeignKey[]): Promise<number> {
  let marked = 0
  for (let found = 1; found > 0; ) {
    found = 0
    const again = marked > 0 ? foreignKeys.filter(({ self }) => self) : foreignKeys
    for (const key of again) found += await attempt(at.tx, () => judgeForeignKey(at, key))
    marked += found
    if (!foreignKeys.some(({ self }) => self)) break
  }
  return marked
}

function judgeForeignKey(at: Case, key: ForeignKey) {
  const { name, columns, shown, full, self } = key
  const own = columns.map((column) => `r.${quoteIdentifier(column)}`)
  const start = `insert or update on table "${at.target.name}" violates foreign key constraint "${name}": `
  const absent = `${literal(start)} || ${keyText(columns.join(', '), own)}
    || ${literal(` is not present in table "${shown}".`)}`
  const mixed = literal(`${start}MATCH FULL does not allow mixing of null and nonnull key values.`)
  const given = own.map((column) => `${column} is not null`).join(' and ')
  const someGiven = own.map((column) => `${column} is not null`).join(' or ')
  const error = full ? `case when ${given} then ${absent} else ${mixed} end` : absent
  const found = [
    ...(self && !at.there ? [] : [`select from ${key.referenced} p where ${matches(key, 'p')}`]),
    ...(self
      ? [`select from ${at.rows} q where ${matches(key, 'q')} and ${unmarked(`q.${at.row}`)}`]
      : []),
  ].map((query) => `not exists (${query})`)
  const missing = `(${given} and ${found.join(' and ')})`
  const column = columns.length === 1 ? (columns[0] as string) : null
  const why = { constraint: name, code: '23503', column, error }
  const broken = full ? `(${missing} or ((${someGiven}) and not (${given})))` : missing
  return mark(at, why, broken)
}

const matches = (
  { columns, referencedColumns, operators }: ForeignKey,
  referenced: string,
): string =>
  columns
    .map((column, index) => {
      const theirs = `${referenced}.${quoteIdentifier(referencedColumns[index] as string)}`
      return `${theirs} ${operators[index]} r.${quoteIdentifier(column)}`
    })
    .join(' and ')
