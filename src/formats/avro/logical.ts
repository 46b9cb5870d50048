/** The types of Avro that have no parts, and what their values mean: "Logical Types" of Avro 1.12. */

export type Plain = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string'

/** How many parts of a second a number counts. */
export type Fraction = 1_000 | 1_000_000 | 1_000_000_000

export type Scalar =
  | { kind: Plain }
  | { kind: 'fixed'; name: string; size: number }
  /** `size` counts its bytes; null where each value says how many it has. */
  | { kind: 'decimal'; precision: number; scale: number; size: number | null }
  | { kind: 'uuid'; size: 16 | null }
  | { kind: 'date' }
  | { kind: 'time'; per: Fraction }
  | { kind: 'timestamp'; per: Fraction; isLocal: boolean }
  | { kind: 'duration' }

const plain: ReadonlySet<string> = new Set<Plain>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
])

const fractions: Record<string, Fraction> = {
  millis: 1_000,
  micros: 1_000_000,
  nanos: 1_000_000_000,
}

type Members = Record<string, unknown>

/**
 * The type of a schema; null for one that is not of these. A logical type that does not go with what
 * it stands at is passed over, as Avro says: the values are what lies below it.
 */
export function logicalOf(type: string, schema: Members): Scalar | null {
  if (type !== 'fixed' && !plain.has(type)) return null
  const { logicalType, name, size } = schema
  const logical = meanings.get(`${type} ${String(logicalType)}`)?.(schema)
  if (logical) return logical
  if (type === 'fixed') return { kind: type, name: String(name), size: size as number }
  return { kind: type as Plain }
}

/** What a logical type means at a type that it goes with. */
type Meaning = (schema: Members) => Scalar | null

const timestamps = Object.entries(fractions).flatMap(([unit, per]): [string, Meaning][] => [
  [`long timestamp-${unit}`, () => ({ kind: 'timestamp', per, isLocal: false })],
  [`long local-timestamp-${unit}`, () => ({ kind: 'timestamp', per, isLocal: true })],
])

const meanings = new Map<string, Meaning>([
  ['bytes decimal', (schema) => decimalOf(schema, null)],
  ['fixed decimal', (schema) => decimalOf(schema, schema.size as number)],
  ['string uuid', () => ({ kind: 'uuid', size: null })],
  ['fixed uuid', ({ size }) => (size === 16 ? { kind: 'uuid', size } : null)],
  ['fixed duration', ({ size }) => (size === 12 ? { kind: 'duration' } : null)],
  ['int date', () => ({ kind: 'date' })],
  ['int time-millis', () => ({ kind: 'time', per: 1_000 })],
  ['long time-micros', () => ({ kind: 'time', per: 1_000_000 })],
  ...timestamps,
])

function decimalOf({ precision, scale = 0 }: Members, size: number | null): Scalar | null {
  const isValid =
    Number.isSafeInteger(precision) &&
    Number.isSafeInteger(scale) &&
    (precision as number) > 0 &&
    (scale as number) >= 0 &&
    (scale as number) <= (precision as number)
  if (!isValid) return null
  return { kind: 'decimal', precision: precision as number, scale: scale as number, size }
}
