/** SOURCE arguments that are addresses: the kind of the source follows from how they begin. */
import { mustBePath, schemeOf } from '../../../domain/sourcePath.ts'
import { type SluiceError, sluiceError } from '../../../errors.ts'
import {
  checkSourceOptions,
  type SourceOptions,
  sourceOfAddresses,
} from '../../../sources/index.ts'

/**
 * @param connection that was named for them
 * @returns null when they are paths of files
 * @throws usage_invalid, source_unsupported, url_invalid
 */
export function addressed(
  sources: readonly string[],
  connection: string | undefined,
): SourceOptions | null {
  const addresses = sources.filter((source) => schemeOf(source) !== null)
  const [first] = addresses
  if (first === undefined) {
    if (connection === undefined) return null
    throw usage('--connection goes with addresses, like https://data.example/trips.csv')
  }
  if (addresses.length < sources.length) {
    throw usage('An ingest reads addresses or files, and not both: start one for each')
  }
  const kindOf = (address: string) =>
    sourceOfAddresses(schemeOf(address) as string, [address], connection)?.kind ?? null
  const unknown = addresses.find((address) => kindOf(address) === null)
  if (unknown !== undefined) mustBePath(unknown)
  if (new Set(addresses.map(kindOf)).size > 1) {
    throw usage('An ingest has one kind of source: start one for each')
  }
  const source = sourceOfAddresses(schemeOf(first) as string, addresses, connection)
  checkSourceOptions(source as SourceOptions)
  return source
}

const usage = (problem: string): SluiceError =>
  sluiceError('usage_invalid', { problem, command: 'sluice ingest' })
