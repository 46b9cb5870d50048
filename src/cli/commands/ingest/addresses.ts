/** SOURCE arguments that are addresses: the kind of the source follows from how they begin. */
import { selectionOptions } from '../../../domain/selection.ts'
import { mustBePath, schemeOf } from '../../../domain/sourcePath.ts'
import { type SluiceError, sluiceError } from '../../../errors.ts'
import {
  checkSourceOptions,
  type SourceOptions,
  sourceOfAddresses,
} from '../../../sources/index.ts'
import type { Given } from '../../../sources/source.ts'

/**
 * @param given what was said beside them
 * @returns null when they are paths of files
 * @throws usage_invalid, source_unsupported, url_invalid
 */
export function addressed(sources: readonly string[], given: Given): SourceOptions | null {
  const addresses = sources.filter((source) => schemeOf(source) !== null)
  const [first] = addresses
  if (first === undefined) {
    if (given.connection !== undefined) {
      throw usage('--connection goes with addresses, like https://data.example/trips.csv')
    }
    if (given.query !== undefined) throw queryAlone()
    return null
  }
  if (addresses.length < sources.length) {
    throw usage('An ingest reads addresses or files, and not both: start one for each')
  }
  const kindOf = (address: string) =>
    sourceOfAddresses(schemeOf(address) as string, [address], given)?.kind ?? null
  const unknown = addresses.find((address) => kindOf(address) === null)
  if (unknown !== undefined) mustBePath(unknown)
  if (new Set(addresses.map(kindOf)).size > 1) {
    throw usage('An ingest has one kind of source: start one for each')
  }
  const source = sourceOfAddresses(schemeOf(first) as string, addresses, given)
  if (given.query !== undefined && source?.kind !== 'postgres') throw queryAlone()
  const [stray] = Object.keys(given.selection ?? {}).filter((name) => !(name in (source ?? {})))
  if (stray !== undefined) {
    throw usage(`${flagOf(stray)} is for folders and prefixes, and ${first} names what it reads`)
  }
  checkSourceOptions(source as SourceOptions)
  return source
}

const queryAlone = () => usage('--query goes with a database: postgres://CONNECTION')

const usage = (problem: string): SluiceError =>
  sluiceError('usage_invalid', { problem, command: 'sluice ingest' })

const flagOf = (name: string): string =>
  selectionOptions[name as keyof typeof selectionOptions].flag.text.split(' ')[0] as string
