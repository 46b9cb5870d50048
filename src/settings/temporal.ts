/**
 * Where Temporal is and how to log in there, read as Temporal's own tools read it: the variables
 * that begin with TEMPORAL_, and a profile of temporal.toml if one is asked for.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type ClientConfigProfile,
  type ConfigDataSource,
  loadClientConfigProfile,
} from '@temporalio/envconfig'
import { messageOf, sluiceError } from '../errors.ts'

/** Left out where the server asks for none of it. It passes through JSON as it is. */
export type TemporalLogin = Pick<ClientConfigProfile, 'apiKey' | 'tls' | 'grpcMeta'>

/** A server, and how to log in there: all that a client or a worker needs. */
export interface TemporalServer extends TemporalLogin {
  address: string
  namespace: string
}

/** As far as it is known. */
export type TemporalSettings = Partial<TemporalServer>

/**
 * The file is read when TEMPORAL_PROFILE or TEMPORAL_CONFIG_FILE asks for it, and not because it is
 * there: a profile for other work must not take the place of the servers of `npm start`.
 * @throws temporal_settings_invalid
 */
export function readTemporalSettings(env: NodeJS.ProcessEnv): TemporalSettings {
  const given = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])),
  )
  const { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: profile } = given
  if (['1', 'true'].includes(given.TEMPORAL_TLS_DISABLE_HOST_VERIFICATION ?? '')) {
    throw invalid(
      'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION is not supported; ' +
        'give the certificate of the authority as TEMPORAL_TLS_SERVER_CA_CERT_PATH',
    )
  }
  const read = orInvalid(file ?? 'the profile', () =>
    loadClientConfigProfile({
      overrideEnvVars: given,
      disableFile: !file && !profile,
      ...(file && { configSource: { data: readFileSync(file, 'utf8') } }),
    }),
  )
  const { address, namespace, apiKey, grpcMeta } = read
  const tls = read.tls && checkedTls(read.tls)
  return {
    ...(address && { address }),
    ...(namespace && { namespace }),
    ...(apiKey && { apiKey }),
    ...(tls && { tls }),
    ...(grpcMeta && { grpcMeta }),
  }
}

type Tls = NonNullable<TemporalLogin['tls']>

/** Each file is there, and is named so that another process finds it as well. */
function checkedTls(tls: Tls): Tls {
  const { clientCert, clientKey, serverCACert } = tls
  if (Boolean(clientCert) !== Boolean(clientKey)) {
    throw invalid('a client certificate and its key go together, and only one of them is given')
  }
  return {
    ...tls,
    ...(clientCert && { clientCert: checkedFile('client certificate', clientCert) }),
    ...(clientKey && { clientKey: checkedFile('client key', clientKey) }),
    ...(serverCACert && { serverCACert: checkedFile('server CA certificate', serverCACert) }),
  }
}

function checkedFile(what: string, source: ConfigDataSource): ConfigDataSource {
  if (!('path' in source)) return source
  const path = resolve(source.path)
  orInvalid(`the ${what}`, () => readFileSync(path))
  return { path }
}

function orInvalid<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw invalid(`${what} cannot be read: ${messageOf(error).split('\n')[0]}`, error)
  }
}

const invalid = (problem: string, cause?: unknown): Error =>
  sluiceError('temporal_settings_invalid', { problem }, { cause })
