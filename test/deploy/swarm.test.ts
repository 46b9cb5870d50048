/** deploy/swarm/stack.yml: a stack that a swarm takes, and as robust as its comments say. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { DCLinter } from 'dclint'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import {
  connections,
  goneAfterSeconds,
  read,
  root,
  unreadVariables,
  workerOptions,
} from './workers.ts'

interface Service {
  image: string
  entrypoint: string[]
  command: string[]
  hostname?: string
  environment: Record<string, string>
  volumes: string[]
  stop_grace_period: string
  deploy: { replicas: number } & Record<string, object>
}

const text = await read('deploy/swarm/stack.yml')
const stack: {
  services: { api: Service; worker: Service }
  volumes: Record<string, unknown>
  secrets: Record<string, unknown>
  networks: Record<string, unknown>
} = parse(text, { merge: true })
const { api, worker } = stack.services
const services = Object.entries(stack.services)
const options = workerOptions(worker.command)

/** Of a service. Others it refuses (`depends_on` with conditions) or passes over (`restart`). */
const heeded = [
  ...['cap_add', 'cap_drop', 'command', 'configs', 'deploy', 'entrypoint', 'environment'],
  ...['healthcheck', 'hostname', 'image', 'init', 'labels', 'logging', 'networks', 'ports'],
  ...['read_only', 'secrets', 'stop_grace_period', 'stop_signal', 'tmpfs', 'ulimits', 'user'],
  ...['volumes', 'working_dir'],
]

describe('the stack', () => {
  it('fits the schema of the Compose Specification', async () => {
    const linter = new DCLinter({ rules: {}, quiet: true, debug: false, exclude: [] })
    const results = linter.lintFiles([join(root, 'deploy/swarm/stack.yml')], false)
    expect(results).toHaveLength(1)
    expect(results[0]?.errorCount, await linter.formatResults(results, 'compact')).toBe(0)
  })

  it('uses only what `docker stack deploy` heeds', () => {
    for (const [name, service] of services) {
      const others = Object.keys(service).filter((key) => !heeded.includes(key))
      expect(others, name).toEqual([])
    }
    expect(stack).not.toHaveProperty('name')
  })

  it('replaces one replica at a time, a new one first, and goes back when that fails', () => {
    for (const [name, { deploy }] of services) {
      expect(deploy.replicas, name).toBeGreaterThanOrEqual(2)
      expect(deploy, name).toMatchObject({
        restart_policy: { condition: 'any' },
        update_config: { order: 'start-first', parallelism: 1, failure_action: 'rollback' },
        rollback_config: { order: 'start-first', parallelism: 1 },
        resources: { limits: { memory: expect.stringMatching(/^\d+[MG]$/) } },
      })
    }
  })

  it('runs one image on a read-only system, without a port to the outside', () => {
    for (const [name, service] of services) {
      expect(service.image, name).toMatch(/^\$\{SLUICE_IMAGE:\?/)
      expect(service, name).toMatchObject({ init: true, read_only: true, cap_drop: ['ALL'] })
      expect(service, name).not.toHaveProperty('ports')
    }
  })

  it('sets what Sluice reads, and one stage for all', async () => {
    const names = services.flatMap(([, { environment }]) => Object.keys(environment))
    expect(await unreadVariables(names)).toEqual([])
    expect(api.environment).toMatchObject({ SLUICE_HOST: '0.0.0.0', SLUICE_PORT: '3000' })
    for (const [name, { environment, volumes }] of services) {
      expect(volumes, name).toEqual([`stage:${environment.SLUICE_STAGE}`])
      expect(environment, name).toHaveProperty('TEMPORAL_ADDRESS')
    }
    expect(stack.volumes).toMatchObject({ stage: { driver_opts: { type: 'nfs' } } })
  })

  it('names every variable without a default in the README', async () => {
    const needed = [...text.matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name]) => name)
    expect(new Set(needed).size).toBe(4)
    const readme = await read('deploy/README.md')
    for (const name of needed) expect(readme).toContain(name)
  })
})

it('puts the secret into the environment of what it starts, or starts nothing', async () => {
  const [shell, flag, script, ...rest] = api.entrypoint
  expect({ shell, flag, rest }).toEqual({ shell: 'sh', flag: '-c', rest: ['sluice'] })
  expect(stack.secrets).toEqual({ sluice_database_url: { external: true } })
  for (const [, service] of services) expect(service.entrypoint).toEqual(api.entrypoint)

  const folder = await mkdtemp(join(tmpdir(), 'sluice-swarm-'))
  try {
    // In place of Node, and of the folder where a swarm mounts secrets.
    await writeFile(join(folder, 'node'), '#!/bin/sh\necho "$DATABASE_URL $*"\n')
    await chmod(join(folder, 'node'), 0o755)
    await mkdir(join(folder, 'secrets'))
    const command = script!
      .replaceAll('$$', '$')
      .replace('/run/secrets/', `${join(folder, 'secrets')}/`)
    const start = () =>
      promisify(execFile)('sh', ['-c', command, 'sluice', ...worker.command], {
        env: { PATH: `${folder}${delimiter}${process.env.PATH}` },
      })
    await expect(start()).rejects.toMatchObject({ code: 1, stdout: '' })
    await writeFile(join(folder, 'secrets', 'sluice_database_url'), `postgres://a:b'"$c@d/e`)
    const { stdout } = await start()
    expect(stdout).toBe(
      `postgres://a:b'"$c@d/e --max-semi-space-size=4 bin/sluice.js ${worker.command.join(' ')}\n`,
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

describe('a worker', () => {
  it('is told everything that has no good default in a container, in words that it knows', () => {
    expect(options.queue).toEqual([{ queue: 'ingest' }])
    expect(worker.command).toEqual(expect.arrayContaining(['--concurrency', '--grace', '--name']))
    expect(api.command).toEqual(['api'])
  })

  it('drains before the kill', async () => {
    expect(worker.stop_grace_period).toBe('1m')
    expect((await goneAfterSeconds(options)) + 10).toBeLessThanOrEqual(60)
  })

  it('is called like its place in the service, and not asked for the health of an API', () => {
    expect(options.name).toBe('%h')
    expect(worker.hostname).toBe('{{.Service.Name}}.{{.Task.Slot}}')
    expect(worker).toMatchObject({ healthcheck: { disable: true } })
  })
})

it('says how many connections to PostgreSQL that makes', async () => {
  const ofApi = (api.deploy.replicas + 1) * connections.api
  const sum = ofApi + (worker.deploy.replicas + 1) * connections.worker(options)
  expect(await read('deploy/README.md')).toMatch(new RegExp(`Swarm.* \\| ${sum} connections`))
})
