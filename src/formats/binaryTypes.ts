/** Types whose values can be written as COPY BINARY has them: see simd/binary.ts. */
import type { Column } from '../domain/columns.ts'

/** As `pg_catalog` names them. Their numbers are those of simd/binary.ts and csv/simd/rows.ts. */
const binaryTypes = [
  'none',
  'int2',
  'int4',
  'int8',
  'bool',
  'numeric',
  'date',
  'timestamp',
  'timestamptz',
  'uuid',
  'text',
  'json',
  'jsonb',
  'varchar',
  'bpchar',
] as const
export type BinaryType = (typeof binaryTypes)[number]

export const numberOf = (type: BinaryType): number =>
  // What of a text has no room is judged by PostgreSQL.
  binaryTypes.indexOf(type === 'varchar' || type === 'bpchar' ? 'text' : type)

/** Names of types without what stands in brackets, as columns have them. */
const names: Record<string, BinaryType> = {
  smallint: 'int2',
  integer: 'int4',
  bigint: 'int8',
  boolean: 'bool',
  numeric: 'numeric',
  date: 'date',
  timestamp: 'timestamp',
  'timestamp without time zone': 'timestamp',
  timestamptz: 'timestamptz',
  'timestamp with time zone': 'timestamptz',
  uuid: 'uuid',
  text: 'text',
  json: 'json',
  jsonb: 'jsonb',
  'character varying': 'varchar',
  character: 'bpchar',
}

/** The type of each column; null when one of them has another. */
export function binaryTypesOf(columns: readonly Column[]): BinaryType[] | null {
  const types = columns.map(({ type }) => names[type.replace(/\(\d+(,-?\d+)?\)/, '')])
  return types.every((type) => type !== undefined) ? types : null
}
