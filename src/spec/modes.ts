/** The options that belong to modes: which mode takes which, and what it cannot do without. */
import { type Static, Type } from 'typebox'
import type { Column } from '../domain/columns.ts'
import { type Filled, type Options, oneOf } from '../domain/option.ts'
import { countOrShare, isOverAll, mustBeCountOrShare, readCountOrShare } from './countOrShare.ts'

const ColumnName = Type.String({ minLength: 1, maxLength: 63 })
const Columns = Type.Array(ColumnName, { minItems: 1, maxItems: 32, uniqueItems: true })

/** A source of which a part is missing deletes more than a source that has changed. */
export const maxDeletesPreset = '10%'

export const modeOptions = {
  mode: {
    schema: oneOf('append', 'replace', 'merge', 'insert', 'sync'),
    about:
      'what becomes of the rows that are there: add to them, take their place, merge with them by ' +
      'a key, insert only the rows whose key is not there, or merge and delete what the files do not have',
    preset: 'append',
    flag: { text: '--mode <mode>' },
    example: '--mode replace',
  },
  key: {
    schema: Columns,
    about: 'the columns that tell rows apart; the table needs a unique index on them',
    absent: 'none; merge, insert and sync need it',
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
      'such column, it is read and not stored',
    absent: 'no row is deleted',
    flag: { text: '--delete-when <column>' },
    example: '--delete-when op=D',
  },
  scope: {
    schema: Type.String({ minLength: 1, maxLength: 100_000 }),
    about:
      'a condition on the columns of the table: only rows that meet it are deleted when the files do ' +
      'not have them',
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
      'how many rows may be deleted, as a count or as a share of the rows in scope; with more ' +
      'nothing is published',
    absent: maxDeletesPreset,
    must: mustBeCountOrShare,
    flag: { text: '--max-deletes <n>', read: readCountOrShare },
    example: '--max-deletes 25%',
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
  /** What it does to rows is to be taken back. */
  undo?: boolean
}

const takes: Record<Mode, Partial<Record<ModeOption, 'must' | 'may'>>> = {
  append: {},
  replace: {},
  merge: { key: 'must', orderBy: 'may', deleteWhen: 'may' },
  insert: { key: 'must' },
  sync: { key: 'must', orderBy: 'may', scope: 'may', softDelete: 'may', maxDeletes: 'may' },
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
    : problemOfMarker(given)
}

/** What marks rows need not be stored, but what tells them apart must be. */
function problemOfMarker(given: Omit<ModeSpec, 'mode'>): string | null {
  const marker = markerOf(given)
  if (marker === null) return null
  const { column } = marker
  const also = (['key', 'orderBy'] as const).find((name) => given[name]?.includes(column))
  if (also === undefined) return null
  return `target.deleteWhen and target.${also} name the same column, ${column}`
}

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
    ...of(marker ? [marker.column] : [], 'deleteWhen'),
  ]
}
