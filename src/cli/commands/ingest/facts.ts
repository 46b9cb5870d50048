/** How a file would be read, for people: each option, where its value comes from, and its flag. */
import type { Option, Options } from '../../../domain/option.ts'
import type { Written } from '../../../formats/csv/options.ts'
import { type Format, formatOptions } from '../../../spec/format.ts'
import { type Target, targetOptions } from '../../../spec/target.ts'

export interface Fact {
  what: string
  value: string
  /** `usual`: neither given nor seen in the bytes. */
  from: 'given' | 'sniffed' | 'usual'
  /** Null for what the bytes alone decide. */
  flag: string | null
}

/**
 * What is out of the ordinary or was given; of encoding, delimiter, quote, header and NULL always.
 */
export function factsOf(dialect: Written, format: Format, target: Partial<Target>): Fact[] {
  const newline = JSON.stringify(dialect.newline)
  const { table: _, ...said } = target
  return [
    ...factsOfGroup(formatOptions, format, dialect),
    { what: 'line end', value: newline, from: 'sniffed', flag: null },
    ...factsOfGroup(targetOptions, said, dialect),
  ]
}

function factsOfGroup(options: Options, values: object, dialect: Written): Fact[] {
  const given = values as Record<string, unknown>
  return Object.entries(options).flatMap(([name, option]) => {
    const fact = factOf(name, option, { given: given[name], dialect })
    return fact ? [fact] : []
  })
}

/** An option that a format does not show is shown when it was given. */
function factOf(
  name: string,
  { flag, shown }: Option,
  { given, dialect }: { given: unknown; dialect: Written },
): Fact | null {
  const isGiven = given !== undefined
  const value = shown?.value(dialect) ?? (isGiven && flag ? JSON.stringify(given) : null)
  if (value === null) return null
  const flags = flag && [flag.text, ...(flag.no ? [flag.no.text] : [])].map(nameOf)
  return {
    what: shown?.what ?? name,
    value,
    from: originOf(isGiven, shown?.isSniffed ?? false),
    flag: flags?.join(', ') ?? null,
  }
}

function originOf(isGiven: boolean, isSniffed: boolean): Fact['from'] {
  if (isGiven) return 'given'
  return isSniffed ? 'sniffed' : 'usual'
}

/** `--skip-rows <n>` → `--skip-rows`. */
const nameOf = (flag: string): string => flag.split(' ')[0] ?? flag
