/** A Temporal server that asks for TLS, a client certificate and an API key, as the cloud does. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { readTemporalSettings, type TemporalServer } from '../../src/settings/temporal.ts'
import { connectTemporal } from '../../src/temporal/connect.ts'
import { type Authority, createAuthority, type Pair, writePair } from '../certificates.ts'
import { sluice } from '../cli/sluice.ts'
import { build } from '../harness.ts'
import { type Gate, openGate } from './gate.ts'

const harness = await build()
const apiKey = 'key-of-the-test'
let authority: Authority
let gate: Gate
let own: Pair
let ca: string

beforeAll(async () => {
  authority = await createAuthority()
  gate = await openGate(harness.temporalAddress, await authority.sign('gate'), {
    authority,
    apiKey,
  })
  own = await writePair(harness.folder, 'own', await authority.sign('sluice'))
  ca = await harness.file('ca.crt', authority.cert)
})
afterAll(() => gate.close())

const variables = () => ({
  TEMPORAL_ADDRESS: gate.address,
  TEMPORAL_API_KEY: apiKey,
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: ca,
  TEMPORAL_TLS_CLIENT_CERT_PATH: own.cert,
  TEMPORAL_TLS_CLIENT_KEY_PATH: own.key,
})

async function reach(env: Record<string, string | undefined>): Promise<void> {
  const server = { namespace: 'default', ...readTemporalSettings(env) } as TemporalServer
  const client = await connectTemporal(server)
  try {
    await client.workflowService.describeNamespace({ namespace: 'default' })
  } finally {
    await client.connection.close()
  }
}

test('a worker and a command load through it, and neither log nor output shows a secret', async () => {
  const worker = await harness.startWorker({ env: variables() })
  const path = await harness.file('rows.csv', 'id,name\n1,one\n2,two\n')
  const ended = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'through_gate' },
  })
  expect(ended).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  const ran = await sluice(['janitor'], {
    env: { ...variables(), DATABASE_URL: harness.databaseUrl },
  })
  expect(ran).toMatchObject({ code: 0, error: '' })
  expect(gate.passed()).toBeGreaterThan(5)
  const shown = worker.output() + ran.out
  expect(shown).toContain('worker ready')
  for (const secret of [apiKey, 'PRIVATE KEY']) expect(shown).not.toContain(secret)
})

describe.concurrent('what does not fit is an error that names the server', () => {
  const refusals: [string, () => Record<string, string>, RegExp][] = [
    ['no TLS', () => ({ TEMPORAL_API_KEY: '', TEMPORAL_TLS: 'false' }), /before the deadline/],
    [
      'another authority',
      () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: own.cert }),
      /before the deadline/,
    ],
    ['another name', () => ({ TEMPORAL_TLS_SERVER_NAME: 'elsewhere' }), /before the deadline/],
    ['a wrong key', () => ({ TEMPORAL_API_KEY: 'wrong' }), /the API key is wrong/],
  ]
  test.each(refusals)('%s', async (_, changed, problem) => {
    await expect(reach({ ...variables(), ...changed() })).rejects.toMatchObject({
      code: 'temporal_unavailable',
      message: expect.stringMatching(problem),
    })
  })

  test('no client certificate', async () => {
    const { TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH, ...rest } = variables()
    await expect(reach(rest)).rejects.toMatchObject({ code: 'temporal_unavailable' })
  })
})

test('a profile of temporal.toml says the same, with metadata', async () => {
  const file = await harness.file(
    'temporal.toml',
    `[profile.cloud]
address = "${gate.address}"
namespace = "default"
api_key = "${apiKey}"
[profile.cloud.tls]
server_ca_cert_path = "${ca}"
client_cert_path = "${own.cert}"
client_key_path = "${own.key}"
[profile.cloud.grpc_meta]
team = "ingest"
`,
  )
  await reach({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'cloud' })
  expect(gate.last()).toMatchObject({ team: 'ingest' })
  // Through JSON, as `up` hands it to its worker.
  const settings = readTemporalSettings({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'cloud' })
  expect(JSON.parse(JSON.stringify(settings))).toEqual(settings)
})

test('a file that nobody asks for is not read, and a login stays with its address', async () => {
  const home = join(harness.folder, 'home')
  await mkdir(join(home, 'temporalio'), { recursive: true })
  await writeFile(
    join(home, 'temporalio', 'temporal.toml'),
    '[profile.default]\naddress = "elsewhere:7233"\napi_key = "secret"\n',
  )
  const env = { XDG_CONFIG_HOME: home, SLUICE_HOME: home }
  expect(readConfig(env).temporal).toEqual({ namespace: 'default' })
  expect(readConfig({ ...env, TEMPORAL_API_KEY: 'other' }).temporal).toEqual({
    namespace: 'default',
  })
  expect(readConfig({ ...env, TEMPORAL_PROFILE: 'default' }).temporal).toEqual({
    address: 'elsewhere:7233',
    apiKey: 'secret',
    namespace: 'default',
  })
})

test.each([
  ['a profile that is not there', { TEMPORAL_PROFILE: 'nowhere' }, /nowhere/],
  [
    'a file that is not there',
    { TEMPORAL_CONFIG_FILE: '/nowhere/t.toml' },
    /nowhere.*cannot be read/,
  ],
  ['half a pair', { TEMPORAL_TLS_CLIENT_KEY_PATH: '/nowhere/k' }, /go together/],
  ['a certificate that is not there', { TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca' }, /CA/],
  ['what the SDK has not', { TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'true' }, /not supported/],
])('%s is said before anything is tried', (_, env, problem) => {
  expect(() => readTemporalSettings({ XDG_CONFIG_HOME: harness.folder, ...env })).toThrow(problem)
})
