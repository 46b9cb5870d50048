/** deploy/nomad/sluice.nomad.hcl: a job that Nomad reads, and as robust as its comments say. */
import hcl from 'hcl2-parser'
import { Value } from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { jobspec } from './jobspec.ts'
import { connections, goneAfterSeconds, read, unreadVariables, workerOptions } from './workers.ts'

interface Task {
  env: string
  kill_timeout: string
  kill_signal: string
  config: [{ image: string; args: string[]; ports?: string[] }]
  template: [{ data: string; destination: string; env: boolean }]
  volume_mount: [{ volume: string; destination: string }]
}

interface Group {
  count: number | string
  volume: Record<string, [{ type: string; source: string }]>
  task: Record<string, [Task]>
}

interface File {
  variable: Record<string, [{ default?: unknown }]>
  locals: [{ environment: Record<string, string>; database_url: string }]
  job: { sluice: [{ group: { api: [Group]; worker: [Group] } }] }
}

const path = 'deploy/nomad/sluice.nomad.hcl'

/** The parser does not say where; `nomad job validate` does. */
function parse(text: string): File {
  const [file, error] = hcl.parseToObject(text)
  if (error || !file) throw new Error(`${path} is not HCL`)
  return file
}

const text = await read(path)
const file = parse(text)
const { environment, database_url } = file.locals[0]
const { api, worker } = file.job.sluice[0].group
const apiTask = api[0].task.api![0]
const workerTask = worker[0].task.worker![0]
const tasks = { api: apiTask, worker: workerTask }
const options = workerOptions(workerTask.config[0].args)

/** How the parser shows what Nomad fills in. */
const filled = (name: string) => `\${${name}}`

const problemsOf = (given: unknown) =>
  Value.Errors(jobspec, given).map(({ instancePath, message }) => `${instancePath} ${message}`)

describe('the job', () => {
  it('fits the job specification', () => {
    expect(problemsOf(file)).toEqual([])
  })

  it('would be refused with a word that is unknown, or a value of another type', () => {
    const refused = (from: string, to: string) => problemsOf(parse(text.replace(from, to))).join()
    expect(refused('kill_timeout ', 'kil_timeout ')).toContain('additional properties')
    expect(refused('kill_timeout   = "30s"', 'kill_timeout = 30')).toContain('/kill_timeout')
    expect(refused('driver = "docker"', 'driver = "podman"')).toContain('/driver')
    expect(() => parse(text.slice(0, -2))).toThrow('is not HCL')
  })

  it('names only variables and values that are there', () => {
    for (const [, kind, name] of text.matchAll(/\b(var|local)\.(\w+)/g)) {
      expect(kind === 'var' ? file.variable : file.locals[0]).toHaveProperty(name!)
    }
  })

  it('names every variable without a default in the README', async () => {
    const readme = await read('deploy/README.md')
    const needed = Object.entries(file.variable).filter(([, [{ default: value }]]) => !value)
    expect(needed).toHaveLength(2)
    for (const [name] of needed) expect(readme).toContain(`-var ${name}=`)
  })

  it('replaces one allocation at a time, a new one first, and goes back when that fails', () => {
    expect(file.job.sluice[0]).toMatchObject({
      update: [{ max_parallel: 1, canary: 1, auto_promote: true, auto_revert: true }],
    })
    expect(worker[0]).toMatchObject({ update: [{ health_check: 'task_states' }] })
    for (const group of [api, worker])
      expect(group).toMatchObject([{ restart: [{ mode: 'delay' }] }])
  })
})

describe('each task', () => {
  it('runs one image, on a read-only system', () => {
    for (const [name, { config }] of Object.entries(tasks)) {
      expect(config[0], name).toMatchObject({
        image: filled('var.image'),
        init: true,
        readonly_rootfs: true,
        cap_drop: ['all'],
        security_opt: ['no-new-privileges'],
        mount: [{ type: 'tmpfs', target: '/tmp' }],
      })
    }
  })

  it('gets what Sluice reads, and the password from a variable of Nomad', async () => {
    const { TEMPORAL_ADDRESS, SLUICE_HOST, SLUICE_PORT } = environment
    expect(TEMPORAL_ADDRESS).toBe(filled('var.temporal_address'))
    expect({ SLUICE_HOST, SLUICE_PORT }).toEqual({ SLUICE_HOST: '0.0.0.0', SLUICE_PORT: '3000' })
    const [variable] = database_url.split('=')
    expect(await unreadVariables([variable!, ...Object.keys(environment)])).toEqual([])
    expect(database_url).toContain('{{ with nomadVar "nomad/jobs/sluice" }}{{ .database_url }}')
    for (const [name, { env, template }] of Object.entries(tasks)) {
      expect(env, name).toBe(filled('local.environment'))
      expect(template, name).toEqual([
        {
          data: filled('local.database_url'),
          destination: expect.stringContaining(filled('NOMAD_SECRETS_DIR')),
          env: true,
        },
      ])
    }
  })

  it('has the one stage', () => {
    expect(api[0].volume).toEqual({ stage: [{ type: 'host', source: 'sluice-stage' }] })
    expect(worker[0].volume).toEqual(api[0].volume)
    for (const [name, { volume_mount: mounts }] of Object.entries(tasks)) {
      expect(mounts, name).toEqual([{ volume: 'stage', destination: environment.SLUICE_STAGE }])
    }
  })
})

it('asks the API for its health at its port', () => {
  expect(apiTask.config[0]).toMatchObject({ args: ['api'], ports: ['http'] })
  expect(api[0]).toMatchObject({
    network: [{ port: { http: [{ to: Number(environment.SLUICE_PORT) }] } }],
    service: [{ port: 'http', provider: 'nomad', check: [{ type: 'http', path: '/readyz' }] }],
  })
})

describe('a worker', () => {
  it('is told everything that has no good default in a container, in words that it knows', () => {
    expect(options.queue).toEqual([{ queue: 'ingest' }])
    expect(workerTask.config[0].args).toEqual(
      expect.arrayContaining(['--concurrency', '--grace', '--name']),
    )
    expect(options.name).toContain(filled('NOMAD_SHORT_ALLOC_ID'))
  })

  it('drains before the kill, which clients must allow', async () => {
    const [, seconds] = /^(\d+)s$/.exec(workerTask.kill_timeout)!
    expect(workerTask.kill_signal).toBe('SIGTERM')
    expect(Number(seconds)).toBeGreaterThanOrEqual((await goneAfterSeconds(options)) + 10)
    const readme = await read('deploy/README.md')
    expect(readme).toContain(`max_kill_timeout = "${workerTask.kill_timeout}"`)
  })
})

it('says how many connections to PostgreSQL that makes', async () => {
  expect(worker[0].count).toBe(filled('var.workers'))
  const replicas = Number(file.variable.workers![0].default)
  const ofApi = (Number(api[0].count) + 1) * connections.api
  const sum = ofApi + (replicas + 1) * connections.worker(options)
  expect(await read('deploy/README.md')).toMatch(new RegExp(`Nomad.* \\| ${sum} connections`))
})
