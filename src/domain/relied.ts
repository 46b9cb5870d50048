/**
 * What a plan relies on of a target that exists, and what of it is no longer so.
 *
 * The plan keeps it in the ledger; load and publish compare it with the table as it is, under a lock
 * that keeps every other session from altering the table until their transaction has ended.
 */
import { canHold } from './types.ts'

/** A table as it was planned for. */
export interface Relied {
  /** A table that takes its name later has another one. */
  oid: number
  /** r: an ordinary table, p: a partitioned one. */
  kind: string
  /** Absent in plans of older versions. */
  mayInsert?: boolean
  columns: ReliedColumn[]
}

export interface ReliedColumn {
  /** Stays the same when the column is renamed. */
  no: number
  name: string
  type: string
  notNull: boolean
  generated: boolean
  identity: boolean
  /** Its default, or what generates it, as SQL. */
  expression: string | null
  /**
   * Constraints of the domains in its type that are NOT VALID: they hold for values that come later,
   * and publish moves values that are there. Null for none, absent in plans of older versions.
   */
  unvalidated?: string[] | null
}

/** A column of the landing table. */
export interface Filled {
  name: string
  type: string
  /** The files brought it: it was not there when the plan was made. */
  added?: boolean
}

interface Comparison {
  filled: readonly Filled[]
  /** Another ingest has replaced the table: it is a new one of the same form. */
  replaced: boolean
  /** Columns that the mode fills itself. */
  kept?: readonly string[]
}

const shownMax = 5

/**
 * @param was null when the table did not exist, or the plan did not record how it was
 * @returns what has changed, as the rest of a sentence; null when everything is as it was
 */
export function whatChanged(
  was: Relied | null,
  is: Relied,
  { filled, replaced, kept = [] }: Comparison,
): string | null {
  if (was && was.kind !== is.kind) {
    return is.kind === 'p' ? 'it is a partitioned table now' : 'it is not partitioned any more'
  }
  if (is.mayInsert === false) return 'the role of Sluice may not insert into it'
  const isSame = was?.oid === is.oid
  if (was && !isSame && !replaced) return 'another table has taken its name'
  const changes = [
    ...filled.map((column) => changeOfFilled(column, was, is, isSame)),
    ...is.columns
      .filter(({ name }) => !kept.includes(name))
      .map((column) => changeOfOther(column, was, filled)),
  ].filter((change) => change !== null)
  if (changes.length === 0) return null
  const more = changes.length > shownMax ? `, and ${changes.length - shownMax} more` : ''
  return changes.slice(0, shownMax).join(', ') + more
}

/** Rows are on their way into it. */
function changeOfFilled(
  column: Filled,
  before: Relied | null,
  now: Relied,
  isSame: boolean,
): string | null {
  const { name } = column
  const is = now.columns.find((each) => each.name === name)
  const was = before?.columns.find((each) => each.name === name)
  // Publish adds those that the files bring itself.
  if (!is) return column.added && !was ? null : goneTo(name, isSame ? was : undefined, now)
  if (!was) return changeOfNew(column, is)
  if (isSame && was.no !== is.no) return `${name} is another column of that name`
  return (
    changeOfType(was, is) ??
    changeOfNull(was, is) ??
    changeOfExpression(was, is) ??
    changeOfDomain(was, is)
  )
}

function goneTo(name: string, was: ReliedColumn | undefined, now: Relied): string {
  const renamed = was && now.columns.find(({ no }) => no === was.no)
  return renamed ? `${name} is named ${renamed.name} now` : `the column ${name} is gone`
}

function changeOfType(was: ReliedColumn, is: ReliedColumn): string | null {
  if (was.type === is.type) return null
  return `${was.name} was ${was.type} and is ${is.type}`
}

function changeOfNull(was: ReliedColumn, is: ReliedColumn): string | null {
  if (was.notNull === is.notNull) return null
  return `${is.name} ${is.notNull ? 'is not null now' : 'may be null now'}`
}

function changeOfDomain(was: ReliedColumn, is: ReliedColumn): string | null {
  if (was.unvalidated === undefined) return null
  const added = is.unvalidated?.find((each) => !was.unvalidated?.includes(each))
  return added ? `the domain of ${is.name} has a new constraint, ${added}` : null
}

/** A new column was added by others meanwhile: its type must hold ours without a change. */
function changeOfNew({ name, type }: Filled, is: ReliedColumn): string | null {
  if (is.generated) return `${name} is a generated column`
  if (canHold(is.type, type)) return null
  return `${name} is ${is.type}, and the rows have it as ${type}`
}

/** No row fills it: it must still fill itself, and in the same way. */
function changeOfOther(
  is: ReliedColumn,
  before: Relied | null,
  filled: readonly Filled[],
): string | null {
  const { name, notNull, expression, identity } = is
  if (filled.some((each) => each.name === name)) return null
  const was = before?.columns.find((each) => each.name === name)
  const isNeeded = notNull && expression === null && !identity
  const wasNeeded = was?.notNull && was.expression === null && !was.identity
  if (isNeeded && !wasNeeded) return `${name} is not null, has no default, and no row fills it`
  return was ? changeOfExpression(was, is) : null
}

function changeOfExpression(was: ReliedColumn, is: ReliedColumn): string | null {
  const { name } = is
  if (was.generated !== is.generated) {
    return `${name} is ${is.generated ? 'a generated column now' : 'not generated any more'}`
  }
  if (was.identity !== is.identity) {
    return `${name} is ${is.identity ? 'an identity column now' : 'no identity column any more'}`
  }
  if (was.expression === is.expression) return null
  const what = is.generated ? 'what generates' : 'the default of'
  return `${what} ${name} was ${was.expression ?? 'none'} and is ${is.expression ?? 'none'}`
}
