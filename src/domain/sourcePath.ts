/** What people name as a source that is no path. */
import { type SluiceError, sluiceError } from '../errors.ts'

/** What an address begins with, in lower case: `https`; null for a path. */
export const schemeOf = (source: string): string | null =>
  /^([a-z][a-z0-9+.-]*):\/\//i.exec(source)?.[1]?.toLowerCase() ?? null

/** @throws source_unsupported for standard input and addresses */
export function mustBePath(source: string): void {
  if (source === '-') {
    throw refuse('-', 'standard input', '`COMMAND > rows.csv`; a file of that name is ./-')
  }
  const scheme = schemeOf(source)
  if (scheme === null) return
  const shown = withoutSecrets(source)
  throw refuse(shown, 'an address', howOf(scheme, shown))
}

const refuse = (source: string, what: string, how: string): SluiceError =>
  sluiceError('source_unsupported', { source, what, how })

function howOf(scheme: string, address: string): string {
  if (scheme === 'file') return 'the path behind file://'
  if (scheme === 'gs') return `\`gcloud storage cp ${address} .\``
  if (/^https?$/.test(scheme)) return 'it is a source of kind http'
  if (scheme === 's3') return 'it is a source of kind s3'
  if (/^(ftps?|sftp)$/.test(scheme)) return `\`curl -fLO ${address}\``
  return 'the program that reads such addresses does it'
}

/** Users, passwords and signatures of an address are not for a log. */
const withoutSecrets = (address: string): string =>
  address.replace(/[?#].*$/s, '').replace(/:\/\/[^/]*@/, '://')
