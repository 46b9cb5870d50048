/**
 * The columns of a Parquet file: their types in PostgreSQL, and their values as COPY text.
 *
 * DuckDB names its types. What PostgreSQL has no type for becomes jsonb, by `to_json`, which writes
 * numbers with all their digits.
 */

/** How a type of DuckDB is written for PostgreSQL. */
interface Written {
  type: string
  /** SQL for the text of a value; `$` is the column. */
  text: string
  /** The text may hold characters that mean something in COPY text. */
  isFree?: true
}

const asText = '$::varchar'
/** What DuckDB writes `0044-03-15 (BC)`. */
const asDate = "replace($::varchar, ' (BC)', ' BC')"
const plain = (type: string): Written => ({ type, text: asText })

const writtenAs: Record<string, Written> = {
  BOOLEAN: plain('boolean'),
  TINYINT: plain('smallint'),
  UTINYINT: plain('smallint'),
  SMALLINT: plain('smallint'),
  USMALLINT: plain('integer'),
  INTEGER: plain('integer'),
  UINTEGER: plain('bigint'),
  BIGINT: plain('bigint'),
  UBIGINT: plain('numeric(20,0)'),
  HUGEINT: plain('numeric(39,0)'),
  UHUGEINT: plain('numeric(39,0)'),
  FLOAT: plain('real'),
  DOUBLE: plain('double precision'),
  VARCHAR: { type: 'text', text: '$', isFree: true },
  // The backslash in front is one of COPY text.
  BLOB: { type: 'bytea', text: "'\\\\x' || lower(hex($))" },
  UUID: plain('uuid'),
  DATE: { type: 'date', text: asDate },
  TIME: plain('time'),
  TIME_NS: { type: 'time', text: '$::time::varchar' },
  'TIME WITH TIME ZONE': plain('timetz'),
  TIMESTAMP: { type: 'timestamp', text: asDate },
  TIMESTAMP_S: { type: 'timestamp', text: asDate },
  TIMESTAMP_MS: { type: 'timestamp', text: asDate },
  TIMESTAMP_NS: { type: 'timestamp', text: asDate.replace('$', '$::timestamp') },
  'TIMESTAMP WITH TIME ZONE': { type: 'timestamptz', text: asDate },
  INTERVAL: plain('interval'),
  BIT: plain('bit varying'),
  JSON: { type: 'jsonb', text: asText, isFree: true },
}

/** Lists, structs, maps, unions, arrays, and what comes later. */
const nested: Written = { type: 'jsonb', text: 'to_json($)::varchar', isFree: true }

const writtenOf = (type: string): Written => {
  if (/^DECIMAL\(\d+,\d+\)$/.test(type)) return plain(type.replace('DECIMAL', 'numeric'))
  if (/^ENUM\(/.test(type)) return { type: 'text', text: asText, isFree: true }
  return writtenAs[type] ?? nested
}

/** @param type as DuckDB's `describe` writes it */
export const typeOf = (type: string): string => writtenOf(type).type

/** What has more digits of a second than PostgreSQL keeps: they are cut off, and that is told. */
const fine = /^(TIMESTAMP|TIME)_NS$/

/**
 * SQL that counts the values whose nanoseconds are cut off; null for a type that has none.
 * @param type as DuckDB's `describe` writes it
 */
export function cutIn(name: string, type: string): string | null {
  if (!fine.test(type)) return null
  const value = quoted(name)
  return `count(*) filter (where ${value} <> ${value}::${type.replace('_NS', '')}::${type})`
}

/** The three characters that mean something in COPY text, and the backslash, which comes first. */
const special: readonly [string, string][] = [
  ["'\\'", "'\\\\'"],
  ['chr(10)', "'\\n'"],
  ['chr(9)', "'\\t'"],
  ['chr(13)', "'\\r'"],
]

/** SQL for one field of COPY text. */
export function fieldOf(name: string, type: string): string {
  const { text, isFree } = writtenOf(type)
  const value = text.replaceAll('$', () => quoted(name))
  const written = isFree
    ? special.reduce((sql, [what, by]) => `replace(${sql}, ${what}, ${by})`, value)
    : value
  return `coalesce(${written}, '\\N')`
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
