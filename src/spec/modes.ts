/** The options that belong to modes: which mode takes which, and what it cannot do without. */
import { type Static, Type } from 'typebox'
import type { Column } from '../domain/columns.ts'
import { type Filled, type Options, oneOf } from '../domain/option.ts'
import { countOrShare, isOverAll, mustBeCountOrShare, readCountOrShare } from './countOrShare.ts'

const ColumnName = Type.String({ minLength: 1, maxLength: 63 })
const Columns = Type.Array(ColumnName, { minItems: 1, maxItems: 32, uniqueItems: true })

/** A source of which a part is missing deletes more than a source that has changed. */
export const maxDeletesPreset = '10%'

const periodColumnsPreset = ['valid_from', 'valid_to', 'is_current']

export const modeOptions = {
  mode: {
    schema: oneOf('append', 'replace', 'merge', 'insert', 'sync', 'history'),
    about:
      'what becomes of the rows that are there: add to them, take their place, merge with them by ' +
      'a key, insert only the rows whose key is not there, merge and delete what the files do not have, ' +
      'or keep each version of a row with the time in which it was valid',
    preset: 'append',
    flag: { text: '--mode <mode>' },
    example: '--mode replace',
  },
  key: {
    schema: Columns,
    about: 'the columns that tell rows apart; the table needs a unique index on them',
    absent: 'none; merge, insert, sync and history need it',
    flag: { text: '--key <columns>', shell: 'with commas', list: 'commas' },
    example: '--key order_id,line_no',
  },
  orderBy: {
    schema: Columns,
    about:
      'columns that say which of several rows with one key is the newest, also against the row in the ' +
      'table; NULL is the oldest',
    absent: 'the last row of the files is the newest, and newer than the table',
    flag: { text: '--order-by <columns>', shell: 'with commas', list: 'commas' },
    example: '--order-by updated_at',
  },
  deleteWhen: {
    schema: Type.String({ minLength: 1, maxLength: 200 }),
    about:
      'a column that marks rows to delete: one that is true, or `column=value`; if the table has no ' +
      'such column, it is read and not stored; a history ends their periods',
    absent: 'no row is deleted',
    flag: { text: '--delete-when <column>' },
    example: '--delete-when op=D',
  },
  scope: {
    schema: Type.String({ minLength: 1, maxLength: 100_000 }),
    about:
      'a condition on the columns of the table: only rows that meet it are deleted, or retired, when ' +
      'the files do not have them',
    absent: 'all rows of the table',
    flag: { text: '--scope <sql>' },
    example: "--scope 'year = 2026'",
  },
  softDelete: {
    schema: ColumnName,
    about:
      'a column of the table that says a row is deleted, so that it stays there: one that is boolean, ' +
      'or has the time of it',
    absent: 'rows are deleted from the table',
    flag: { text: '--soft-delete <column>' },
    example: '--soft-delete deleted_at',
  },
  maxDeletes: {
    schema: countOrShare,
    about:
      'how many rows may be deleted, or retired, because the files do not have them, as a count or as ' +
      'a share of the rows in scope; with more nothing is published',
    absent: maxDeletesPreset,
    must: mustBeCountOrShare,
    flag: { text: '--max-deletes <n>', read: readCountOrShare },
    example: '--max-deletes 25%',
  },
  validFrom: {
    schema: ColumnName,
    about:
      'a column of the files, a date or a timestamp, that says since when a row is as it is: then each ' +
      'version of a key gets a period of its own',
    absent: 'a period begins when the ingest is published, and the newest row of each key gets one',
    flag: { text: '--valid-from <column>' },
    example: '--valid-from updated_at',
  },
  retireAbsent: {
    schema: Type.Boolean(),
    about: 'whether the periods of rows end that the files do not have',
    absent: 'they go on',
    flag: { text: '--retire-absent' },
    example: '--retire-absent',
  },
  periodColumns: {
    schema: Type.Array(ColumnName, { minItems: 3, maxItems: 3, uniqueItems: true }),
    about:
      'the columns of the table that have the beginning of a period, its end, and whether it is the ' +
      'current one',
    absent: periodColumnsPreset.join(','),
    must: 'three names of columns: of the beginning, of the end, of what says that it is current',
    flag: { text: '--period-columns <columns>', shell: 'with commas', list: 'commas' },
    example: '--period-columns since,until,is_live',
  },
} satisfies Options

type Mode = Static<(typeof modeOptions)['mode']['schema']>
type ModeOption = Exclude<keyof typeof modeOptions, 'mode'>

/** Options of a target that say how its mode works. */
export interface ModeSpec extends Filled<typeof modeOptions, unknown> {
  key?: string[]
  orderBy?: string[]
  deleteWhen?: string
  scope?: string
  softDelete?: string
  maxDeletes?: number | string
  validFrom?: string
  retireAbsent?: boolean
  periodColumns?: string[]
  /** What it does to rows is to be taken back. */
  undo?: boolean
}

const takes: Record<Mode, Partial<Record<ModeOption, 'must' | 'may'>>> = {
  append: {},
  replace: {},
  merge: { key: 'must', orderBy: 'may', deleteWhen: 'may' },
  insert: { key: 'must' },
  sync: { key: 'must', orderBy: 'may', scope: 'may', softDelete: 'may', maxDeletes: 'may' },
  history: {
    ...{ key: 'must', orderBy: 'may', deleteWhen: 'may', scope: 'may', maxDeletes: 'may' },
    ...{ validFrom: 'may', retireAbsent: 'may', periodColumns: 'may' },
  },
}

/**
 * An option that a mode does not know would be passed over, so it is refused.
 * @returns what is wrong, as a sentence without its full stop; null when nothing is
 */
export function modeProblem({ mode, atomic, ...given }: ModeSpec & { atomic: boolean }) {
  if (mode !== 'append' && !atomic) return 'target.atomic can be false only with the mode append'
  for (const name of Object.keys(modeOptions) as (keyof typeof modeOptions)[]) {
    if (name === 'mode') continue
    const use = takes[mode][name]
    if (use === 'must' && given[name] === undefined) {
      return `the mode ${mode} needs target.${name}`
    }
    if (use === undefined && given[name] !== undefined) {
      const modes = (Object.keys(takes) as Mode[]).filter((each) => takes[each][name])
      return `target.${name} is for the mode ${modes.join(' or ')}, and the mode is ${mode}`
    }
  }
  if (isOverAll(given.maxDeletes)) {
    return `target.maxDeletes is ${given.maxDeletes}, and a share is at most 100%`
  }
  const { softDelete, key = [], orderBy = [] } = given
  return softDelete !== undefined && [...key, ...orderBy].includes(softDelete)
    ? `target.softDelete is ${softDelete}, which rows are found or ordered by`
    : (problemOfMarker(given) ?? problemOfPeriods({ mode, ...given }))
}

/** What marks rows need not be stored, but what tells them apart must be. */
function problemOfMarker(given: Omit<ModeSpec, 'mode'>): string | null {
  const marker = markerOf(given)
  if (marker === null) return null
  const { column } = marker
  const also = (['key', 'orderBy', 'validFrom'] as const).find((name) =>
    [given[name] ?? []].flat().includes(column),
  )
  if (also === undefined) return null
  return `target.deleteWhen and target.${also} name the same column, ${column}`
}

/** Only a history has periods, and only one that retires what is absent asks how much of it. */
function problemOfPeriods(given: ModeSpec): string | null {
  if (given.mode !== 'history') return null
  const { validFrom, key = [], retireAbsent } = given
  if (validFrom !== undefined && key.includes(validFrom)) {
    return `target.validFrom is ${validFrom}, which is of the key`
  }
  const idle = (['scope', 'maxDeletes'] as const).find((name) => given[name] !== undefined)
  if (idle !== undefined && !retireAbsent) {
    return `target.${idle} is for rows that the files do not have: a history keeps them without target.retireAbsent`
  }
  const kept = new Set(keptNames(given))
  const named = columnsNeeded(given).find(({ column }) => kept.has(column))
  if (named === undefined) return null
  return `target.periodColumns has ${named.column}, which the history fills itself, and \`${named.option}\` names it`
}

/** The columns of a table with periods, by their names. */
export interface PeriodColumns {
  from: string
  to: string
  current: string
}

export function periodColumnsOf({ periodColumns = periodColumnsPreset }: ModeSpec): PeriodColumns {
  const [from, to, current] = periodColumns as [string, string, string]
  return { from, to, current }
}

/** The columns that the mode itself fills: no file may have them. */
export function keptNames(spec: ModeSpec): string[] {
  if (spec.softDelete !== undefined) return [spec.softDelete]
  return spec.mode === 'history' ? Object.values(periodColumnsOf(spec)) : []
}

/** Whether what the files do not have is deleted, or retired. */
export const removesAbsent = ({ mode, retireAbsent = false }: ModeSpec): boolean =>
  mode === 'sync' || retireAbsent

const flagOf = (name: ModeOption): string => modeOptions[name].flag.text.split(' ')[0] as string

/** The column that marks rows to delete, and the value that does; null for one that is true. */
export interface Marker {
  column: string
  value: string | null
}

/** As the landing table has it where the target does not: values that say neither are rejects. */
export const markerColumn = ({ column, value }: Marker): Column => ({
  name: column,
  type: value === null ? 'boolean' : 'text',
  marker: true,
})

export function markerOf({ deleteWhen }: Pick<ModeSpec, 'deleteWhen'>): Marker | null {
  if (deleteWhen === undefined) return null
  const at = deleteWhen.indexOf('=')
  if (at < 1) return { column: deleteWhen, value: null }
  return { column: deleteWhen.slice(0, at).trim(), value: deleteWhen.slice(at + 1).trim() }
}

/** The columns that every file must have, each with the option that names it. */
export function columnsNeeded(spec: ModeSpec): { column: string; option: string }[] {
  const of = (columns: readonly string[] | undefined, option: ModeOption) =>
    (columns ?? []).map((column) => ({ column, option: flagOf(option) }))
  const marker = markerOf(spec)
  return [
    ...of(spec.key, 'key'),
    ...of(spec.orderBy, 'orderBy'),
    ...of(spec.validFrom === undefined ? [] : [spec.validFrom], 'validFrom'),
    ...of(marker ? [marker.column] : [], 'deleteWhen'),
  ]
}
