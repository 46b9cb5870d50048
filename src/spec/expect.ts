/** Checks of the rows of an ingest, which are run before they are published. */
import { type Static, Type } from 'typebox'
import { oneOf } from '../domain/option.ts'

const textCharsMax = 10_000
const Column = Type.String({ minLength: 1, maxLength: 63 })
const Columns = Type.Array(Column, { minItems: 1, maxItems: 32 })
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Value = Type.Union([Type.String({ maxLength: 1000 }), Type.Number()])

export const Check = Type.Object(
  {
    rows: Type.Optional(
      Type.Object(
        {
          min: Type.Optional(Count),
          max: Type.Optional(Count),
          changeMax: Type.Optional(
            Type.String({
              pattern: '^\\d{1,6}(\\.\\d{1,3})?%$',
              description: 'How far from the last completed ingest into the same table: "20%".',
            }),
          ),
        },
        { additionalProperties: false, minProperties: 1, description: 'How many rows there are.' },
      ),
    ),
    notNull: Type.Optional({ ...Columns, description: 'Columns without a NULL.' }),
    unique: Type.Optional({
      ...Columns,
      description: 'No two rows have the same values in these columns together.',
    }),
    values: Type.Optional(
      Type.Object(
        {
          column: Column,
          in: Type.Optional(Type.Array(Value, { minItems: 1, maxItems: 1000 })),
          min: Type.Optional(Value),
          max: Type.Optional(Value),
        },
        { additionalProperties: false, description: 'Values of a set or of a range, or NULL.' },
      ),
    ),
    fresh: Type.Optional(
      Type.Object(
        { column: Column, within: Type.String({ pattern: '^\\d{1,6}(\\.\\d{1,3})? ?[smhd]$' }) },
        { additionalProperties: false, description: 'The newest value is not older than that.' },
      ),
    ),
    noRows: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: textCharsMax,
        description: 'A SELECT over `rows`, the rows of this ingest, that must return nothing.',
      }),
    ),
    severity: Type.Optional(oneOf('fail', 'warn')),
  },
  {
    additionalProperties: false,
    description: 'One of `rows`, `notNull`, `unique`, `values`, `fresh`, `noRows`.',
  },
)
export type Check = Static<typeof Check>

const kinds = ['rows', 'notNull', 'unique', 'values', 'fresh', 'noRows'] as const

/** @throws what `refuse` makes of a check that its schema lets through; `at` is a JSON pointer */
export function checkExpect(
  checks: readonly Check[],
  refuse: (at: string, problem: string) => Error,
): void {
  for (const [no, check] of checks.entries()) {
    const said = kinds.filter((kind) => check[kind] !== undefined)
    if (said.length !== 1) {
      throw refuse(
        `/${no}`,
        `a check is one of ${kinds.join(', ')}, and this one has ${said.length}`,
      )
    }
    const { rows, values } = check
    if (rows?.min !== undefined && rows.max !== undefined && rows.min > rows.max) {
      throw refuse(`/${no}/rows`, `no number is from ${rows.min} to ${rows.max}`)
    }
    if (values && (values.in !== undefined) === isRange(values)) {
      throw refuse(`/${no}/values`, 'it has either `in`, or `min` and `max` or one of them')
    }
  }
}

const isRange = ({ min, max }: NonNullable<Check['values']>): boolean =>
  min !== undefined || max !== undefined

const number = (text: string | undefined): number | undefined =>
  text === undefined || text === '' ? undefined : Number(text)
const words = (text = ''): string[] => text.split(',').map((word) => word.trim())

/** A value that reads as a number is one: as SQL both are the same text. */
const value = (text: string | undefined): string | undefined => (text === '' ? undefined : text)

const forms: { form: RegExp; read: (parts: (string | undefined)[]) => Check }[] = [
  {
    form: /^rows (\d{1,15})?\.\.(\d{1,15})?(?: change (\S+))?$/,
    read: ([min, max, changeMax]) => ({
      rows: given({ min: number(min), max: number(max), changeMax }),
    }),
  },
  { form: /^rows change (\S+)$/, read: ([changeMax]) => ({ rows: given({ changeMax }) }) },
  { form: /^not-null (.+)$/s, read: ([columns]) => ({ notNull: words(columns) }) },
  { form: /^unique (.+)$/s, read: ([columns]) => ({ unique: words(columns) }) },
  {
    form: /^values (.+?) in (.+)$/s,
    read: ([column = '', list]) => ({ values: { column, in: words(list) } }),
  },
  {
    form: /^values (.+) (\S*)\.\.(\S*)$/s,
    read: ([column = '', min, max]) => ({
      values: { column, ...given({ min: value(min), max: value(max) }) },
    }),
  },
  {
    form: /^fresh (.+) (\S+)$/s,
    read: ([column = '', within = '']) => ({ fresh: { column, within } }),
  },
  { form: /^no-rows (.+)$/s, read: ([noRows = '']) => ({ noRows }) },
]

/** The parts that are there. */
const given = <T extends object>(parts: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as never

/** Reads what the command line says: `not-null id`, `warn rows 1..`, or JSON. The text itself if it is neither. */
export function readCheck(text: string): unknown {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) return parsed(trimmed) ?? text
  const [, severity, rest = ''] = /^(warn |fail )?(.*)$/s.exec(trimmed) ?? []
  for (const { form, read } of forms) {
    const [, ...parts] = form.exec(rest.trim()) ?? []
    if (form.test(rest.trim()))
      return { ...read(parts), ...(severity === 'warn ' && { severity: 'warn' }) }
  }
  return text
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** A check as the command line writes it. */
export function checkName({ rows, notNull, unique, values, fresh, noRows }: Check): string {
  if (rows) return rowsName(rows)
  if (notNull) return `not-null ${notNull.join(', ')}`
  if (unique) return `unique ${unique.join(', ')}`
  if (fresh) return `fresh ${fresh.column} ${fresh.within}`
  if (!values) return `no-rows ${noRows ?? ''}`
  if (values.in) return `values ${values.column} in ${values.in.join(', ')}`
  return `values ${values.column} ${values.min ?? ''}..${values.max ?? ''}`
}

function rowsName({ min, max, changeMax }: NonNullable<Check['rows']>): string {
  const bounds = min === undefined && max === undefined ? [] : [`${min ?? ''}..${max ?? ''}`]
  const change = changeMax === undefined ? [] : [`change ${changeMax}`]
  return ['rows', ...bounds, ...change].join(' ')
}

export const isWarning = ({ severity }: Check): boolean => severity === 'warn'
