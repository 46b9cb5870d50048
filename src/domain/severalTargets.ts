/**
 * An ingest with several targets: which file goes to which of them, by globs over the names of the
 * files, and which table that is. Each target has an ingest of its own: see docs/targets.md.
 */
import { sluiceError } from '../errors.ts'
import { parseFileGlob } from './fileGlob.ts'
import type { Refuse } from './globSyntax.ts'
import { cutName, identifierOf, nameBytesMax } from './names.ts'
import { mustBeAllowed, parseTableName, quoteTable, showTable, type TableName } from './table.ts'

export const targetsMax = 100

/** Stands in the name of a table for the name of the file. */
export const namePart = '{name}'

/** Every file has a name that it matches. */
export const anyFile = '*'

/** The ingest of one target of an ingest; they are counted from 1. */
export const partId = (ingestId: string, targetNo: number): string =>
  `${ingestId}.target-${targetNo}`

const idCharsMax = 128
/** Ids of ingests with several targets leave room for those of the targets. */
export const severalIdCharsMax = idCharsMax - partId('', targetsMax).length

/**
 * What `--into` says: a table, or a glob and a table behind an equals sign. In double quotes an equals sign
 * is part of the name of a table.
 */
export function splitInto(text: string): { match: string | null; table: string } {
  let isQuoted = false
  for (let at = text.length - 1; at >= 0; at--) {
    if (text[at] === '"') isQuoted = !isQuoted
    if (text[at] === '=' && !isQuoted) {
      return { match: text.slice(0, at).trim(), table: text.slice(at + 1).trim() }
    }
  }
  return { match: null, table: text }
}

export interface TargetRule {
  /** A glob over the names of files, or over their paths where it has a `/`. */
  match: string
  /** With `{name}` in it there is a table for each name. */
  table: string
}

/** Sorts the files of a source by their targets. */
export class TargetSorter<R extends TargetRule> {
  readonly #rules: readonly R[]
  readonly #ruleOf: (file: string) => R | null
  readonly #mayLeaveOut: boolean
  /** By the table, for SQL. */
  readonly #ruleOfTable = new Map<string, R>()

  /** @param given.mayLeaveOut a file that none is for is left out */
  constructor(rules: readonly R[], { mayLeaveOut }: { mayLeaveOut: boolean }) {
    this.#rules = rules
    this.#mayLeaveOut = mayLeaveOut
    this.#ruleOf = ruleFinder(rules, (problem) => sluiceError('spec_invalid', { problem }))
  }

  /**
   * @param name of the file, as its client knows it
   * @returns null for a file that is left out
   * @throws file_without_target, file_names_no_table, targets_collide, targets_too_many
   */
  targetOf(name: string): { rule: R; table: TableName } | null {
    const rule = this.#ruleOf(name)
    if (rule === null) {
      if (this.#mayLeaveOut) return null
      const globs = this.#rules.map(({ match }) => match).join(', ')
      throw sluiceError('file_without_target', { file: name, globs })
    }
    const table = tableFor(rule.table, name)
    const key = quoteTable(table)
    const found = this.#ruleOfTable.get(key) ?? rule
    this.#ruleOfTable.set(key, found)
    if (this.#ruleOfTable.size > targetsMax) {
      throw sluiceError('targets_too_many', { max: targetsMax })
    }
    if (found === rule) return { rule, table }
    const { match } = found
    throw sluiceError('targets_collide', { match, other: rule.match, table: showTable(table) })
  }

  /** Those that have got no file so far. */
  get idle(): R[] {
    const used = new Set(this.#ruleOfTable.values())
    return this.#rules.filter((rule) => !used.has(rule))
  }
}

/** Finds the first rule that a file matches. @throws what `refuse` makes of a problem of a glob */
export function ruleFinder<R extends TargetRule>(
  rules: readonly R[],
  refuse: Refuse,
): (file: string) => R | null {
  const globs = rules.map((rule) => {
    const problem = (what: string) => refuse(`the glob ${rule.match}: ${what}`)
    return { rule, matches: parseFileGlob(rule.match, problem) }
  })
  return (file) => globs.find(({ matches }) => matches(file))?.rule ?? null
}

/** A letter that no table is likely to have: it stands for the name while the table is parsed. */
const standIn = '\u16be'

/** A name of a table with `{name}` in it: what stands before and behind that. */
interface Template {
  schema: string
  before: string
  behind: string
}

const named = ({ schema, before, behind }: Template, word: string): TableName => ({
  schema,
  name: `${before}${word}${behind}`,
})

/** null for a name without. */
function templateOf(table: string): Template | null {
  const at = table.indexOf(namePart)
  if (at < 0) return null
  const refuse = (problem: string) => sluiceError('table_name_invalid', { table, problem })
  if (table.indexOf(namePart, at + 1) >= 0) throw refuse(`it has ${namePart} twice`)
  if (table.includes(standIn)) throw refuse(`beside ${namePart} it cannot have ${standIn}`)
  const { schema, name } = parseTableName(table.replace(namePart, standIn))
  if (schema.includes(standIn)) throw refuse(`${namePart} is for the name behind the schema`)
  const [before = '', behind = ''] = name.split(standIn)
  return { schema, before, behind }
}

/** Checks what can be checked without a file. @throws table_name_invalid, target_reserved */
export function mustBeTable(table: string): void {
  const template = templateOf(table)
  mustBeAllowed(template ? named(template, 'x') : parseTableName(table))
}

/** The table that a file goes to. @throws table_name_invalid, target_reserved, file_names_no_table */
function tableFor(table: string, file: string): TableName {
  const template = templateOf(table)
  if (!template) return parseTableName(table)
  const refuse = (problem: string) => sluiceError('file_names_no_table', { file, table, problem })
  const word = identifierOf(withoutExtensions(ownName(file)))
  if (word === '') throw refuse('its name has neither a letter nor a digit')
  const found = named(template, word)
  if (cutName(found.name, nameBytesMax) !== found.name) {
    throw refuse(`the name would have more than ${nameBytesMax} bytes`)
  }
  mustBeAllowed(found)
  return found
}

/** Behind the last folder, and in front of what an address asks for. */
function ownName(file: string): string {
  const path = /^[a-z][a-z0-9+.-]*:\/\//i.test(file) ? file.replace(/[?#].*$/s, '') : file
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Without that of a packing, and the one before it: `orders.csv.gz`. */
const withoutExtensions = (name: string): string =>
  name
    .replace(/(?<=.)\.(?:gz|gzip|zst|zstd|bz2|xz|zip|br|lz4)$/i, '')
    .replace(/(?<=.)\.[a-z][a-z0-9]{0,9}$/i, '')

const shownCharsMax = 200

/** The tables of all rules, as people write them; the first of many. */
export function showTables(rules: readonly TargetRule[]): string {
  const all = rules.map(({ table }) =>
    templateOf(table) ? table : showTable(parseTableName(table)),
  )
  const names = [...new Set(all)]
  let chars = 0
  const shown = names.filter((name, at) => {
    chars += name.length
    return at === 0 || chars <= shownCharsMax
  })
  const more = names.length - shown.length
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(', ')
}
