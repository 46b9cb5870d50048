/** The rows of the bench as files of fixed width and of Avro, which DuckDB does not write. */
import { open } from 'node:fs/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { block, bytes, headOf, long, optional, recordOf } from '../test/formats/avro/encoded.ts'
import { columns } from './data.ts'

const value = (name: string): string => `replace(coalesce(${name}::varchar, ''), chr(10), ' ')`

/** @returns `--widths` of the file: each column is as wide as its longest value, and a blank */
export async function writeFixed(
  db: DuckDBConnection,
  { from, path }: { from: string; path: string },
): Promise<string[]> {
  const lengths = columns.map(([name]) => `max(length(${value(name)}))::int + 1`)
  const found = await db.runAndReadAll(`select ${lengths.join(', ')} from ${from}`)
  const widths = (found.getRowsJson()[0] ?? []).map(Number)
  const fields = columns.map(([name], at) => `rpad(${value(name)}, ${widths[at]}, ' ')`)
  const form = "format csv, header false, quote '', escape '', delimiter '\x01'"
  await db.run(`copy (select ${fields.join(' || ')} from ${from}) to '${path}' (${form})`)
  return columns.map(([name], at) => `${name}:${widths[at]}`)
}

interface Written {
  schema: unknown
  /** What DuckDB gives of a value. */
  sql: (name: string) => string
  encode: (value: unknown) => Buffer
}

const asText = {
  sql: (name: string) => `${name}::varchar`,
  encode: (text: unknown) => textOf(text),
}
const asLong = (value: unknown): Buffer => long(BigInt(value as string))
const longOf = (logicalType: string) => ({
  schema: { type: 'long', logicalType },
  sql: (name: string) => `epoch_us(${name})`,
  encode: asLong,
})

const writtenAs: Record<string, Written> = {
  bigint: { schema: 'long', sql: (name) => name, encode: asLong },
  boolean: { schema: 'boolean', sql: (name) => name, encode: (is) => Buffer.of(is ? 1 : 0) },
  numeric: { schema: 'double', sql: (name) => `${name}::double`, encode: doubleOf },
  date: {
    schema: { type: 'int', logicalType: 'date' },
    sql: (name) => `(${name} - date '1970-01-01')::int`,
    encode: (day) => long(Number(day)),
  },
  timestamp: longOf('local-timestamp-micros'),
  timestamptz: longOf('timestamp-micros'),
  uuid: { schema: { type: 'string', logicalType: 'uuid' }, ...asText },
  jsonb: { schema: 'string', ...asText },
  text: { schema: 'string', ...asText },
}

const textOf = (text: unknown): Buffer => bytes(Buffer.from(text as string))

function doubleOf(number: unknown): Buffer {
  const eight = Buffer.alloc(8)
  eight.writeDoubleLE(number as number)
  return eight
}

const codec = 'null'

export async function writeAvro(
  db: DuckDBConnection,
  { from, path }: { from: string; path: string },
): Promise<void> {
  const forms = columns.map(([name, type]) => ({ name, ...(writtenAs[type] as Written) }))
  const fields = Object.fromEntries(forms.map(({ name, schema }) => [name, ['null', schema]]))
  const file = await open(path, 'w')
  try {
    await file.writeFile(headOf(recordOf(fields), codec))
    const values = forms.map(({ name, sql }) => sql(name)).join(', ')
    const rows = await db.stream(`select ${values} from ${from}`)
    for await (const some of rows.yieldRowsJson()) {
      const encoded = some.map((row) =>
        Buffer.concat(
          row.map((each, at) =>
            optional(each === null ? null : (forms[at] as Written).encode(each)),
          ),
        ),
      )
      await file.writeFile(block(encoded.length, Buffer.concat(encoded)))
    }
  } finally {
    await file.close()
  }
}
