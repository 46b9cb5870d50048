/** docker-compose.yml: valid, and as robust as its comments say. */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DCLinter } from 'dclint'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { parse } from 'yaml'
import { findTemporal } from '../../src/dev/temporal.ts'
import { goneAfterSeconds, unreadVariables, workerOptions } from './workers.ts'

interface Service {
  image: string
  build?: string
  command?: string[]
  container_name?: string
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  restart?: string
  init?: boolean
  read_only?: boolean
  stop_grace_period?: string
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test?: string[]; disable?: boolean }
  logging?: { options: Record<string, string> }
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFile(join(root, path), 'utf8')
const text = await read('docker-compose.yml')
const compose: { services: Record<string, Service>; volumes: Record<string, unknown> } = parse(
  text,
  { merge: true },
)
const { services } = compose
const service = (name: string): Service => services[name]!
const all = Object.entries(services)
const ours = ['api', 'worker', 'migrate']
const oneShots = ['migrate', 'temporal-schema', 'temporal-namespace']

describe('the file', () => {
  it('fits the schema of the Compose Specification', async () => {
    const linter = new DCLinter({ rules: {}, quiet: true, debug: false, exclude: [] })
    const results = linter.lintFiles([join(root, 'docker-compose.yml')], false)
    expect(results[0]?.errorCount, await linter.formatResults(results, 'compact')).toBe(0)
  })

  it('pins every image to a version', () => {
    for (const [name, { image }] of all) expect(image, name).toMatch(/:(local|\d[\w.-]*)$/)
  })

  it('opens ports to this machine only', () => {
    const ports = all.flatMap(([, { ports: own = [] }]) => own)
    expect(ports).toHaveLength(2)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  })

  it('takes passwords from the environment, with the defaults of .env.example', async () => {
    const examples = (await read('.env.example')).matchAll(/^([A-Z_]+)=(.*)$/gm)
    const documented = new Map([...examples].map(([, name, value]) => [name, value]))
    const used = new Map(
      [...text.matchAll(/\$\{([A-Z_]+):-([^${}]*)\}/g)].map(([, name, value]) => [name, value]),
    )
    expect(used).toEqual(documented)
    for (const [name, { environment = {} }] of all) {
      const secrets = Object.entries(environment).filter(([key]) => /PASSWORD|PWD|_URL$/.test(key))
      for (const [key, value] of secrets) expect(value, `${name} ${key}`).toMatch(/\$\{/)
    }
  })

  it('sets nothing that the configuration does not read', async () => {
    const names = ours.flatMap((name) => Object.keys(service(name).environment ?? {}))
    expect(await unreadVariables(names)).toEqual([])
  })
})

describe('every service', () => {
  it('comes back by itself and keeps its log short', () => {
    for (const [name, { restart, logging }] of all) {
      expect(restart, name).toBe(oneShots.includes(name) ? 'on-failure:5' : 'unless-stopped')
      expect(logging?.options, name).toMatchObject({ 'max-size': '10m', 'max-file': '5' })
    }
  })

  it('has a health check, unless it ends by itself', () => {
    for (const [name, { healthcheck }] of all) {
      const test = expect.arrayContaining([expect.stringMatching(/^CMD/)])
      const wanted = oneShots.includes(name) ? { disable: true } : expect.objectContaining({ test })
      expect(healthcheck, name).toEqual(wanted)
    }
  })

  it('waits until what it needs is healthy, or done', () => {
    const needs = all.flatMap(([, { depends_on: on = {} }]) => Object.entries(on))
    for (const [name, { condition }] of needs) {
      expect(Object.keys(services)).toContain(name)
      const done = oneShots.includes(name)
      expect(condition, name).toBe(done ? 'service_completed_successfully' : 'service_healthy')
    }
    for (const name of oneShots) expect(needs.map(([needed]) => needed)).toContain(name)
  })

  it('keeps its data in a volume that is declared', () => {
    const mounts = all.flatMap(([, { volumes = [] }]) => volumes)
    const named = mounts.filter((mount) => !mount.startsWith('./')).map((m) => m.split(':')[0])
    expect(new Set(named)).toEqual(new Set(Object.keys(compose.volumes)))
    // The folder from PostgreSQL 18 on; one below it would be a volume without a name.
    expect(service('postgres').volumes).toEqual(['postgres:/var/lib/postgresql'])
  })
})

describe('api and worker', () => {
  it('run the image of the Dockerfile, not as root and on a read-only system', async () => {
    for (const name of ours) {
      expect(service(name)).toMatchObject({ build: '.', init: true, read_only: true })
      expect(service(name)).toMatchObject({ cap_drop: ['ALL'] })
    }
    const dockerfile = await read('Dockerfile')
    expect(dockerfile).toMatch(/^USER 1000:1000$/m)
    expect(dockerfile.lastIndexOf('USER ')).toBeGreaterThan(dockerfile.lastIndexOf('RUN '))
  })

  it('have one stage, at one path, that the user of the image owns', async () => {
    const { SLUICE_STAGE: path } = service('api').environment!
    expect(service('worker').environment!.SLUICE_STAGE).toBe(path)
    for (const name of ['api', 'worker']) expect(service(name).volumes).toContain(`stage:${path}`)
    expect(await read('Dockerfile')).toMatch(`RUN install -d -o node -g node ${path} `)
  })

  it('read ./data as /data and nothing else', () => {
    for (const name of ['api', 'worker']) {
      expect(service(name).volumes).toContain('./data:/data:ro')
      expect(service(name).environment).toMatchObject({ SLUICE_SOURCE_ROOTS: '/data' })
    }
  })

  it('has workers that scale', () => {
    const { container_name: name, ports, command } = service('worker')
    expect({ name, ports }).toEqual({ name: undefined, ports: undefined })
    const line = 'worker --queue ingest --concurrency 4'
    expect(command!.join(' ')).toBe(line)
  })

  it('gives a worker longer to stop than it takes itself', async () => {
    const worker = workerOptions(service('worker').command!)
    expect(service('worker').stop_grace_period).toBe('1m')
    expect(await goneAfterSeconds(worker)).toBeLessThan(60)
  })
})

describe('Temporal', () => {
  it('has a dynamic configuration in the form that the server reads', async () => {
    const settings: Record<string, { value: unknown }[]> = parse(
      await read('docker/temporal/dynamicconfig.yaml'),
    )
    for (const [key, values] of Object.entries(settings)) {
      expect(values, key).toEqual([{ value: expect.anything() }])
    }
    expect(settings).toMatchObject({
      'matching.enableFairness': [{ value: true }],
      'frontend.WorkerHeartbeatsEnabled': [{ value: true }],
      'limit.maxIDLength': [{ value: 255 }],
    })
  })
})

describe('namespace.sh', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-compose-'))
  afterAll(() => rm(folder, { recursive: true }))
  const script = join(root, 'docker/temporal/namespace.sh')

  /** Runs the script with the `temporal` in this folder. */
  const run = (bin: string, env: Record<string, string>) =>
    promisify(execFile)('sh', [script], {
      env: { PATH: `${bin}${delimiter}${process.env.PATH}`, PAUSE_SECONDS: '0.1', ...env },
    })

  it('makes the namespace and its search attributes, and may run again', async () => {
    const temporal = await findTemporal()
    const env = { TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: 'from-compose' }
    const bin = dirname(temporal!)
    for (const time of ['first', 'again']) {
      const { stdout } = await run(bin, env)
      expect(stdout, time).toContain('The namespace from-compose is ready.')
    }
    const list = ['operator', 'search-attribute', 'list', '--namespace', 'from-compose']
    const options = ['--address', env.TEMPORAL_ADDRESS]
    const { stdout } = await promisify(execFile)(temporal!, [...list, ...options])
    expect(stdout).toMatch(/SluiceTarget\s+Keyword/)
    expect(stdout).toMatch(/SluiceSource\s+Keyword/)
  })

  it('tries again for as long as the server refuses, and then gives up', async () => {
    // Refuses each kind of call once. What it was asked is in its log.
    const stub = `#!/bin/sh
echo "$*" >> ${folder}/log
[ "$(grep -c "^$*$" ${folder}/log)" -gt "$REFUSALS" ]
`
    await writeFile(join(folder, 'temporal'), stub)
    await chmod(join(folder, 'temporal'), 0o755)
    const env = { TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'default', ATTEMPTS: '3' }
    await run(folder, { ...env, REFUSALS: '1' })
    await rm(join(folder, 'log'))
    const failure = await run(folder, { ...env, REFUSALS: '3' }).catch((error) => error)
    expect(failure).toMatchObject({ code: 1 })
    expect(failure.stderr).toContain('Gave up after 3 attempts: temporal operator cluster health')
  })
})
