/** Runs SQL and shows it as psql does, which not every machine has. */
import type { Db } from '../../src/postgres/db.ts'

/** Types as psql aligns them: numbers to the right. */
const numeric = new Set([20, 21, 23, 700, 701, 1700])

export async function asPsql(db: Db, sql: string): Promise<string> {
  const asText = { getTypeParser: () => (value: string) => value }
  const { rows, fields, command } = await db.query({
    text: sql,
    rowMode: 'array',
    types: asText as never,
  })
  if (fields.length === 0) return `${command}\n`
  const cells = (rows as unknown as (string | null)[][]).map((row) => row.map((cell) => cell ?? ''))
  const widths = fields.map(({ name }, at) =>
    Math.max(name.length, ...cells.map((row) => (row[at] as string).length)),
  )
  const line = (texts: string[]) => ` ${texts.join(' | ')}`.trimEnd()
  const head = fields.map(({ name }, at) => centered(name, widths[at] as number))
  const rule = widths.map((width) => '-'.repeat(width + 2)).join('+')
  const body = cells.map((row) =>
    line(
      row.map((cell, at) => {
        const width = widths[at] as number
        return numeric.has(fields[at]?.dataTypeID ?? 0) ? cell.padStart(width) : cell.padEnd(width)
      }),
    ),
  )
  const count = `(${rows.length} row${rows.length === 1 ? '' : 's'})`
  return `${[line(head), rule, ...body, count].join('\n')}\n`
}

function centered(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2)
  return (' '.repeat(left) + text).padEnd(width)
}
