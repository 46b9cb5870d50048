/**
 * Where fields of files go by the word of the spec: renamed, left out, and with columns beside them
 * that no file has. A name that the spec gives is that of the column, letter for letter.
 */
import { sluiceError } from '../errors.ts'
import { findColumns, type NameStyle, type Naming, systemNames } from './names.ts'
import type { Constant } from './words.ts'

/** What a spec says of it. */
export interface Mapping {
  names?: NameStyle
  rename?: Record<string, string>
  drop?: string[]
  set?: Record<string, string>
  add?: Origin[]
}

/** Columns that say where a row came from. */
export const origins = ['_file', '_line', '_ingest', '_loaded_at'] as const
export type Origin = (typeof origins)[number]

/** The type that each of them has in a new table. */
const typeOfOrigin: Record<Origin, string> = {
  _file: 'text',
  _line: 'bigint',
  _ingest: 'text',
  _loaded_at: 'timestamp with time zone',
}

export const namingOf = ({
  names = 'words',
  rename = {},
  set = {},
  add = [],
}: Mapping): Naming => ({
  style: names,
  exact: new Set([...Object.values(rename), ...Object.keys(set), ...add]),
})

/** The columns that stand beside those of the fields, as constants of the files. */
export const besideOf = ({ set = {}, add = [] }: Mapping, ingestId: string): Constant[] => [
  ...Object.entries(set).map(([column, value]) => ({ column, value })),
  ...add.map((column) => originOf(column, ingestId)),
]

function originOf(column: Origin, ingestId: string): Constant {
  if (column === '_ingest') return { column, value: ingestId, type: typeOfOrigin[column] }
  const of = { _file: 'file', _line: 'line', _loaded_at: 'time' } as const
  return { column, value: null, of: of[column], type: typeOfOrigin[column] }
}

interface Fields {
  header: readonly (string | null)[] | null
  width: number
  sparse?: readonly number[]
}

export interface Mapped {
  header: string[] | null
  width: number
  sparse?: number[]
  /** The fields that are left out, by their places in the file, with their names. */
  dropped: ReadonlyMap<number, string>
  /** What of the mapping is about this file: keys of `rename`, and names of `drop`. */
  used: string[]
}

/**
 * The fields as they are named by the spec, without those that it leaves out.
 * @throws mapping_without_header, mapped_name_taken, fields_all_dropped
 */
export function mapFields(mapping: Mapping, file: string, fields: Fields): Mapped {
  const { header, width, sparse } = fields
  const names = Object.keys(mapping.rename ?? {})
  const drop = mapping.drop ?? []
  const all = [...names, ...drop]
  const own = header?.map((name) => name ?? '') ?? null
  if (own === null || (all.length === 0 && !hasBeside(mapping))) {
    const [name] = all
    if (name !== undefined) throw sluiceError('mapping_without_header', { file, name })
    const left = sparse && { sparse: [...sparse] }
    return { header: own, width, ...left, dropped: new Map(), used: [] }
  }
  const meant = findColumns(own, all)
  const isDropped = (at: number) => drop.includes(meant[at] as string)
  const kept = own.flatMap((_, at) => (isDropped(at) ? [] : [at]))
  if (kept.length === 0) throw sluiceError('fields_all_dropped', { file })
  const renamed = kept.map((at) => {
    const from = meant[at]
    return from ? (mapping.rename?.[from] as string) : (own[at] as string)
  })
  mustBeFree(file, renamed, namingOf(mapping).exact)
  const left = sparse && new Set(sparse)
  return {
    header: renamed,
    width: kept.length,
    ...(left && { sparse: kept.flatMap((at, index) => (left.has(at) ? [index] : [])) }),
    dropped: new Map(own.flatMap((name, at) => (isDropped(at) ? [[at, name] as const] : []))),
    used: meant.filter(Boolean),
  }
}

const hasBeside = ({ set = {}, add = [] }: Mapping): boolean =>
  Object.keys(set).length > 0 || add.length > 0

/** @throws mapped_name_taken when a field has a name that the spec gives to something else */
function mustBeFree(file: string, header: readonly string[], exact: ReadonlySet<string>): void {
  const own = new Set<string>()
  const beside = new Set([...exact].map(lower))
  for (const name of header) {
    const key = lower(name)
    if (own.has(key) && beside.has(key)) throw sluiceError('mapped_name_taken', { file, name })
    own.add(key)
  }
}

const lower = (name: string): string => name.trim().toLowerCase()

/**
 * Columns that are not in the file must have names that its fields do not have.
 * @throws mapped_name_taken
 */
export function mustStandBeside(
  file: string,
  header: readonly string[] | null,
  beside: readonly string[],
): void {
  const own = new Set([...(header ?? [])].map(lower))
  const taken = beside.find((name) => own.has(lower(name)))
  if (taken !== undefined) throw sluiceError('mapped_name_taken', { file, name: taken })
}

/** What is wrong with a name that the spec gives to a column; null when nothing is. */
export function problemOfName(name: string): string | null {
  if (name.trim() === '') return 'which is empty'
  if (name.includes('\0')) return 'which has a NUL'
  if (systemNames.includes(name)) return 'which is a system column of every table'
  return new TextEncoder().encode(name).length > nameBytesMax
    ? 'which is longer than 63 bytes'
    : null
}

/** PostgreSQL cuts a longer name, and two names would be one. */
const nameBytesMax = 63
