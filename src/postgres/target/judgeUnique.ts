/**
 * Judges unique keys. A key that the target has already is taken; of rows that share a key the
 * first one that can stay, stays.
 */
import { quoteIdentifier } from '../../domain/table.ts'
import { literal } from '../literal.ts'
import { attempt, type Case, keyText } from './case.ts'
import type { Unique } from './constraints.ts'
import { markColumns, unmarked, valuesOf } from './violations.ts'

/** @returns how many rows were marked */
export async function judgeUniques(at: Case, uniques: readonly Unique[]): Promise<number> {
  let marked = 0
  const known: Unique[] = []
  for (const unique of uniques) {
    const { there } = at
    if (there) {
      marked += await attempt(at.tx, () => judgeTaken(at, unique, there))
      if (!unique.nullsDistinct && at.key.length === 0) {
        marked += await attempt(at.tx, () => judgeTakenNulls(at, unique, there))
      }
    }
    if ((await attempt(at.tx, () => tryKeys(at, unique))) > 0) known.push(unique)
  }
  return known.length > 0 ? marked + (await judgeRivals(at, known)) : marked
}

const names = ({ keys }: Unique, of: string): string[] => keys.map((_, at) => `${of}.key_${at}`)

/** As SQL: the keys of the rows that the index holds for, and all of each key as one value. */
function keysOf({ keys, predicate }: Unique, rows: string, more = ''): string {
  const list = keys.map((key, at) => `(${key}) as key_${at}`)
  const where = predicate ? ` where ${predicate}` : ''
  return `(select ${more}${list.join(', ')} from ${rows} t${where})`
}

const whyOf = (unique: Unique, values: readonly string[], ending: string) => ({
  constraint: unique.name,
  code: '23505',
  column: unique.column,
  error: `${literal(`duplicate key value violates unique constraint "${unique.name}": `)}
    || ${keyText(unique.shown, values)} || ${literal(ending)}`,
})

function judgeTaken({ tx, rows, row, key }: Case, unique: Unique, there: string) {
  const own = names(unique, 'r')
  const same = names(unique, 'th').map((key, at) => `${key} ${unique.operators[at]} ${own[at]}`)
  // The row that it will change does not stand in its way.
  const known = key.map((name, at) => `${quoteIdentifier(name)} as own_${at}, `).join('')
  const isOwn = key.map((_, at) => `th.own_${at} = r.own_${at}`).join(' and ')
  if (key.length > 0) same.push(`(${isOwn}) is not true`)
  return tx.query(
    `insert into pg_temp.sluice_marks ${markColumns}
     select r.row_no, ${valuesOf(whyOf(unique, own, ' already exists.'))}
     from ${keysOf(unique, rows, `${row} as row_no, ${known}`)} r
     where ${unmarked('r.row_no')}
       and exists (select from ${keysOf(unique, there, known)} th where ${same.join(' and ')})`,
  )
}

/** Keys with a NULL, where two NULLs are the same: whole rows are compared, for which they are. */
function judgeTakenNulls({ tx, rows, row }: Case, unique: Unique, there: string) {
  const own = names(unique, 'r')
  const theirs = names(unique, 'th')
  const withNull = (keys: string[]) => `(${keys.map((key) => `${key} is null`).join(' or ')})`
  return tx.query(
    `insert into pg_temp.sluice_marks ${markColumns}
     select r.row_no, ${valuesOf(whyOf(unique, own, ' already exists.'))}
     from (select r.*, row(${own.join(', ')}) as whole
           from ${keysOf(unique, rows, `${row} as row_no, `)} r where ${withNull(own)}) r
     where ${unmarked('r.row_no')} and exists (
       select from (select row(${theirs.join(', ')}) as whole
                    from ${keysOf(unique, there)} th where ${withNull(theirs)}) th
       where th.whole = r.whole)`,
  )
}

/** Can its keys be computed and grouped? */
const tryKeys = ({ tx, rows, row }: Case, unique: Unique) =>
  tx.query(
    `select count(*) from (
       select ${names(unique, 'r').join(', ')} from ${keysOf(unique, rows, `${row} as row_no, `)} r
       where false group by ${names(unique, 'r').join(', ')}
     ) none`,
  )

/**
 * Rows that share a key with another one are gathered; then, round by round, those that share one
 * with an earlier row that is certain to stay are marked. With one unique key a round is enough.
 * With several a row may lose by one key what it would have won by another.
 */
async function judgeRivals({ tx, rows, row }: Case, uniques: readonly Unique[]): Promise<number> {
  await tx.query('drop table if exists pg_temp.sluice_rivals')
  const keyed = uniques.map((unique, no) => {
    const keys = unique.keys.map((key, at) => `(${key}) as k_${no}_${at}`)
    const given = unique.nullsDistinct ? unique.keys.map((key) => `(${key}) is not null`) : []
    const holds = [...(unique.predicate ? [`(${unique.predicate})`] : []), ...given]
    return [...keys, `coalesce(${holds.join(' and ') || 'true'}, false) as holds_${no}`].join(', ')
  })
  const windows = uniques.map(({ keys }, no) => {
    const parts = [`holds_${no}`, ...keys.map((_, at) => `k_${no}_${at}`)]
    return { no, parts: parts.join(', ') }
  })
  const shared = windows.map(
    ({ no, parts }) => `holds_${no} and count(*) over (partition by ${parts}) > 1`,
  )
  await tx.query(
    `create temporary table sluice_rivals on commit drop as
     select * from (
       select k.*, ${shared.map((sql) => `(${sql})`).join(' or ')} as shares
       from (select ${row} as row_no, ${keyed.join(', ')} from ${rows} t) k
       where ${unmarked('k.row_no')}
     ) k where shares`,
  )
  let marked = 0
  for (let found = 1; found > 0; ) {
    found = (await tx.query(roundSql(uniques, windows))).rowCount ?? 0
    marked += found
    if (uniques.length === 1) break
  }
  await tx.query('drop table pg_temp.sluice_rivals')
  return marked
}

function roundSql(uniques: readonly Unique[], windows: { no: number; parts: string }[]): string {
  const first = windows.map(
    ({ no, parts }) =>
      `first_value(v.row_no) over (partition by ${parts} order by v.row_no) as first_${no}`,
  )
  const later = (no: number) => `(o.holds_${no} and o.first_${no} < o.row_no)`
  const loses = (no: number) => `(${later(no)} and c_${no}.row_no is null)`
  const branches = uniques.map((unique, no) => {
    const why = whyOf(
      unique,
      unique.keys.map((_, at) => `o.k_${no}_${at}`),
      ' already exists in an earlier row.',
    )
    return { no, why }
  })
  const pick = (value: (branch: (typeof branches)[number]) => string) =>
    `case ${branches.map((each) => `when ${loses(each.no)} then ${value(each)}`).join(' ')} end`
  return `
    with open as (
      select v.*, ${first.join(', ')} from pg_temp.sluice_rivals v where ${unmarked('v.row_no')}
    ),
    contested as (
      select o.row_no from open o where ${windows.map(({ no }) => later(no)).join(' or ')}
    )
    insert into pg_temp.sluice_marks ${markColumns}
    select o.row_no, ${pick(({ why }) => literal(why.constraint))}, '23505',
           ${pick(({ why }) => literal(why.column))}, ${pick(({ why }) => why.error)}
    from open o
    ${windows.map(({ no }) => `left join contested c_${no} on c_${no}.row_no = o.first_${no}`).join('\n')}
    where ${windows.map(({ no }) => loses(no)).join(' or ')}`
}
