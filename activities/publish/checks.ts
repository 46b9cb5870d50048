/** Checks of the rows that an ingest brings, before its target is touched. */
import type { CheckResult } from '../../src/domain/checkResult.ts'
import { plural } from '../../src/domain/plural.ts'
import { parseTableName, showTable, type TableName } from '../../src/domain/table.ts'
import { SluiceError, sluiceError } from '../../src/errors.ts'
import { type Connection, problemOf } from '../../src/postgres/db.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { landingName, rowColumn } from '../../src/postgres/names.ts'
import { isCancelled, isOfStatement } from '../../src/postgres/sqlState.ts'
import {
  type Checked,
  columnsOf,
  type Finding,
  runCheck,
} from '../../src/postgres/target/checks.ts'
import { type Check, checkName, isWarning } from '../../src/spec/expect.ts'
import type { FullTarget } from '../../src/spec/target.ts'
import type { Deps } from '../deps.ts'
import { placeOf } from './judge.ts'

interface Checking {
  ingestId: string
  entry: Pick<IngestEntry, 'spec' | 'columns' | 'traced'>
  /** Where the rows are, if not in the landing table. */
  rows?: TableName
}

interface Checks {
  results: CheckResult[]
  error: SluiceError | null
}

/** The ledger has the whole name: it may be a long query. */
const short = (text: string, max = 120): string =>
  text.length > max ? `${text.slice(0, max).trimEnd()}…` : text

function checkedOf({ ingestId, entry: { spec, columns, traced }, rows }: Checking): Checked {
  const table = parseTableName((spec.target as FullTarget).table)
  const landing = rows ?? landingName(ingestId, table)
  return {
    ingestId,
    target: showTable(table),
    landing,
    columns: (columns ?? []).map(({ name }) => name),
    row: traced ? rowColumn(landing) : null,
  }
}

/**
 * Runs the checks of the spec.
 * @returns what came of them, with an error when one has failed that is no warning
 * @throws sql_refused
 */
export async function runChecks(
  deps: Pick<Deps, 'stage'>,
  tx: Connection,
  checking: Checking,
): Promise<Checks> {
  const { ingestId, entry } = checking
  const { expect: checks = [] } = entry.spec
  const results: CheckResult[] = []
  for (const check of checks) results.push(await resultOf(deps, tx, checking, check))
  const failed = results.filter(({ passed, severity }) => !passed && severity === 'fail')
  const [first] = failed
  if (!first) return { results, error: null }
  const check = short(first.name)
  const others = failed.length - 1
  const more = others === 0 ? '' : `; ${others} more ${others === 1 ? 'check' : 'checks'} failed`
  const problem = `${first.message ?? ''}${more}`
  return { results, error: sluiceError('check_failed', { check, problem, ingestId }) }
}

async function resultOf(
  deps: Pick<Deps, 'stage'>,
  tx: Connection,
  checking: Checking,
  check: Check,
): Promise<CheckResult> {
  const name = checkName(check)
  const severity = isWarning(check) ? 'warn' : 'fail'
  await tx.query('savepoint one_check')
  try {
    const finding = await runCheck(tx, check, checkedOf(checking))
    const message = await messageOf(deps, tx, checking, finding)
    await tx.query('release savepoint one_check')
    const { rowsFailed } = finding
    return { name, severity, passed: finding.problem === null, rowsFailed, message }
  } catch (error) {
    // A value that a query of the spec cannot take, such as a division by zero.
    if (!isOfStatement(error) && !isCancelled(error)) throw error
    await tx.query('rollback to savepoint one_check')
    const message = `it could not be run: ${problemOf(error)}`
    return { name, severity, passed: false, rowsFailed: null, message }
  }
}

/** What is wrong, how many rows have it, and where the first of them are. */
async function messageOf(
  deps: Pick<Deps, 'stage'>,
  tx: Connection,
  { ingestId, entry }: Checking,
  { problem, joint = ' in ', rowsFailed, first }: Finding,
): Promise<string | null> {
  if (problem === null || rowsFailed === null) return problem
  const { landing } = checkedOf({ ingestId, entry })
  const places: string[] = []
  for (const { row, values } of first) {
    const place = row && (await placeOf(deps, tx, { ingestId, entry, landing, row }))
    places.push(place ? `${place} (${values})` : values)
  }
  const rows = plural(rowsFailed, 'row')
  return `${problem}${joint}${rows}: ${places.join('; ')}${rowsFailed > first.length ? '; …' : ''}`
}

/**
 * Tries the checks on the landing table as it is made, without a row: what they cannot be run for is
 * told before anything is loaded.
 * @throws check_invalid, sql_refused
 */
export async function mustBeCheckable(tx: Connection, checking: Checking): Promise<void> {
  const checked = checkedOf(checking)
  for (const check of checking.entry.spec.expect ?? []) {
    const name = short(checkName(check))
    const missing = columnsOf(check).filter((column) => !checked.columns.includes(column))
    if (missing.length > 0) {
      const has = short(checked.columns.join(', '), 200)
      const problem = `there is no column ${missing.join(', ')}; there are ${has}`
      throw sluiceError('check_invalid', { check: name, problem })
    }
    await runCheck(tx, check, checked).catch((error) => {
      if (error instanceof SluiceError || !isOfStatement(error)) throw error
      throw sluiceError('check_invalid', { check: name, problem: problemOf(error) })
    })
  }
}
