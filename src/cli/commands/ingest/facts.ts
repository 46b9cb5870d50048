/** How a file would be read, for people: each option, where its value comes from, and its flag. */
import type { Option, Options } from '../../../domain/option.ts'
import type { Reading } from '../../../domain/words.ts'
import { type FormatSpec, formatOptions, kindsWith } from '../../../spec/format.ts'
import { type Target, targetOptions } from '../../../spec/target.ts'

/** How a file is written, and what its bytes were written in when it was not UTF-8. */
type Written = Reading & { encoding?: string }

export interface Fact {
  what: string
  value: string
  /** `usual`: neither given nor seen in the bytes. */
  from: 'given' | 'sniffed' | 'usual'
  /** Null for what the bytes alone decide. */
  flag: string | null
}

/**
 * What is out of the ordinary or was given, and what a format always shows.
 */
export function factsOf(reading: Written, format: FormatSpec, target: Partial<Target>): Fact[] {
  const newline = JSON.stringify(reading.newline)
  const { table: _, ...said } = target
  return [
    ...factsOfGroup(ownOptions(reading), format, reading),
    { what: 'line end', value: newline, from: 'sniffed', flag: null },
    ...factsOfGroup(targetOptions, said, reading),
  ]
}

/** Those that the format of the file has. */
const ownOptions = ({ kind }: Reading): Options =>
  Object.fromEntries(
    Object.entries(formatOptions).filter(([name]) => kindsWith(name)?.includes(kind) ?? true),
  )

function factsOfGroup(options: Options, values: object, reading: Written): Fact[] {
  const given = values as Record<string, unknown>
  return Object.entries(options).flatMap(([name, option]) => {
    const fact = factOf(name, option, { given: given[name], reading })
    return fact ? [fact] : []
  })
}

/** An option that a format does not show is shown when it was given. */
function factOf(
  name: string,
  { flag, shown }: Option,
  { given, reading }: { given: unknown; reading: Written },
): Fact | null {
  const isGiven = given !== undefined
  const value = shown?.value(reading) ?? (isGiven && flag ? JSON.stringify(given) : null)
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
