/** Statements that make a copy of a table, of its parts. They are run where the search path is `pg_catalog`. */
import { quoteIdentifier, quoteTable, type TableName } from '../../../domain/table.ts'
import { literal } from '../../literal.ts'
import type { Index, Parts, Right } from './parts.ts'

/** The table without rows and indexes: its columns, defaults, checks, and how it is stored. */
export function makeCopy(parts: Parts, copy: string): string[] {
  const { shown, accessMethod, options, columns } = parts
  const stored = options.length > 0 ? ` with (${options.map(option).join(', ')})` : ''
  const settings = columns.flatMap(({ name, statistics, options: own }) => [
    ...(statistics === -1 ? [] : [`alter ${quoteIdentifier(name)} set statistics ${statistics}`]),
    ...(own ? [`alter ${quoteIdentifier(name)} set (${own.map(option).join(', ')})`] : []),
  ])
  return [
    `create table ${copy} (like ${shown} including all excluding indexes excluding statistics)
     using ${quoteIdentifier(accessMethod)}${stored}`,
    ...settings.map((setting) => `alter table ${copy} ${setting}`),
  ]
}

/** `fillfactor=80` as SQL. */
function option(text: string): string {
  const at = text.indexOf('=')
  const name = text.slice(0, at).split('.').map(quoteIdentifier).join('.')
  return `${name} = ${literal(text.slice(at + 1))}`
}

/** What is made when the rows are there; objects whose names are taken have others for now. */
export function finishCopy(parts: Parts, copy: TableName): string[] {
  const table = quoteTable(copy)
  const { shown, indexes, triggers, statistics, comment } = parts
  return [
    ...indexes.flatMap((index, no) => indexText(index, { shown, copy, no })),
    ...triggers.flatMap(({ name, definition, enabled, comment: said }) => {
      const trigger = quoteIdentifier(name)
      const how = { D: 'disable', R: 'enable replica', A: 'enable always' }[enabled]
      return [
        exchanged(definition, ` ON ${shown} `, ` ON ${table} `),
        ...(how ? [`alter table ${table} ${how} trigger ${trigger}`] : []),
        ...comments(`trigger ${trigger} on ${table}`, said),
      ]
    }),
    ...statistics.flatMap(({ definition, target, comment: said }, no) => {
      const name = quoteTable({ ...copy, name: `${copy.name}_s${no}` })
      const body = exchanged(definition, ` FROM ${shown}`, ` FROM ${table}`)
      return [
        body.replace(
          /^CREATE STATISTICS (?:"(?:[^"]|"")*"|[^".])+\.(?:"(?:[^"]|"")*"|[^" ]+)/,
          () => `create statistics ${name}`,
        ),
        ...(target === -1 ? [] : [`alter statistics ${name} set statistics ${target}`]),
        ...comments(`statistics ${name}`, said),
      ]
    }),
    ...comments(`table ${table}`, comment),
    ...identityText(parts, table),
  ]
}

interface Within {
  shown: string
  copy: TableName
  no: number
}

/** A name that an index of the copy has until the table is gone that has the other one. */
export const indexName = ({ name }: TableName, no: number): string => `${name}_i${no}`

function indexText(index: Index, { shown, copy, no }: Within): string[] {
  const table = quoteTable(copy)
  const name = quoteIdentifier(indexName(copy, no))
  const whole = quoteTable({ ...copy, name: indexName(copy, no) })
  const start = /^CREATE (UNIQUE )?INDEX (?:"(?:[^"]|"")*"|[^" ]+) ON /
  const made = index.constraint
    ? `alter table ${table} add constraint ${name} ${index.definition}`
    : exchanged(index.definition, ` ON ${shown} USING `, ` ON ${table} USING `).replace(
        start,
        (_, unique = '') => `create ${unique}index ${name} on `,
      )
  return [
    made,
    ...index.targets.flatMap((target, at) =>
      target === -1 ? [] : [`alter index ${whole} alter column ${at + 1} set statistics ${target}`],
    ),
    ...comments(`index ${whole}`, index.comment),
    ...comments(`constraint ${name} on ${table}`, index.constraintComment),
    ...(index.clustered ? [`alter table ${table} cluster on ${name}`] : []),
    ...(index.replicaIdentity ? [`alter table ${table} replica identity using index ${name}`] : []),
  ]
}

const identityText = ({ replicaIdentity }: Parts, table: string): string[] => {
  if (replicaIdentity === 'f') return [`alter table ${table} replica identity full`]
  return replicaIdentity === 'n' ? [`alter table ${table} replica identity nothing`] : []
}

const comments = (what: string, comment: string | null): string[] =>
  comment === null ? [] : [`comment on ${what} is ${literal(comment)}`]

/** Only the roles that are named have a right then. @param what `table t` or `sequence s` */
export function rightsText(
  what: string,
  had: readonly Right[],
  wanted: readonly Right[],
): string[] {
  const holders = [...new Set(had.map(({ to }) => to))]
  return [
    ...holders.map((to) => `revoke all on ${what} from ${to}`),
    ...wanted.map(({ column, to, privilege, grantable }) => {
      const columns = column === null ? '' : ` (${quoteIdentifier(column)})`
      return `grant ${privilege}${columns} on ${what} to ${to}${grantable ? ' with grant option' : ''}`
    }),
  ]
}

/** Thrown for a definition that is not written as expected: the table is filled in place then. */
export class NotCopied extends Error {}

function exchanged(text: string, part: string, by: string): string {
  const pieces = text.split(part)
  const isEnd = part.startsWith(' FROM ') && pieces.at(-1) === ''
  if (pieces.length !== 2 || (part.startsWith(' FROM ') && !isEnd)) {
    throw new NotCopied(text)
  }
  return pieces.join(by)
}
