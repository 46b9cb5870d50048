/** `--metrics`: what a worker and its SDK count, on one port; and a worker of a deployment version. */
import { expect, test } from 'vitest'
import { sluice } from '../cli/sluice.ts'
import { build, until } from '../harness.ts'

const harness = await build()
const env = { DATABASE_URL: harness.databaseUrl, TEMPORAL_ADDRESS: harness.temporalAddress }

async function ingestRows(table: string) {
  const path = await harness.file(`${table}.csv`, 'id\n1\n2\n')
  return harness.ingest({ source: { kind: 'directory', path }, target: { table } })
}

test('a worker shows its tasks, its slots and what the SDK counts', async () => {
  const worker = await harness.startWorker({
    concurrency: 3,
    args: ['--metrics', '127.0.0.1:0'],
  })
  const [, url = ''] = /metrics\s+(http:\S+\/metrics)/.exec(worker.output()) ?? []
  expect(await ingestRows('measured')).toMatchObject({ state: 'completed' })
  const read = async () => (await fetch(url)).text()
  await until(async () => /sluice_tasks_total\{.*end="succeeded"\} [1-9]/.test(await read()), {
    what: 'a task that has ended',
  })
  const text = await read()
  expect(text).toContain(`sluice_slots{queue="${harness.queue}"} 3`)
  expect(text).toMatch(/sluice_task_seconds_total\{activity="\w+"\} \d+\.\d/)
  expect(text).toMatch(/^process_cpu_seconds_total/m)
  expect(text).toMatch(/^temporal_\w+\{.*\} \d/m)
  expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404)
  await harness.killWorkers()
})

test('a port that is taken, and an address that is none, are said', async () => {
  const [, port] = /:(\d+)/.exec(new URL(env.DATABASE_URL).host) ?? []
  const taken = await sluice(['worker', '--metrics', `127.0.0.1:${port}`], { env })
  expect(taken.code).toBe(1)
  expect(taken.error).toContain(`cannot show metrics on 127.0.0.1:${port}`)
  const none = await sluice(['worker', '--metrics', 'here'], { env })
  expect(none).toMatchObject({ code: 2, error: expect.stringContaining('Write it as :9464') })
})

test('the variables of the Worker Controller make it a worker of that version', async () => {
  const version = { deploymentName: `d-${harness.queue}`, buildId: 'build-1' }
  const worker = await harness.startWorker({
    env: {
      TEMPORAL_DEPLOYMENT_NAME: version.deploymentName,
      TEMPORAL_WORKER_BUILD_ID: version.buildId,
    },
  })
  expect(worker.output()).toContain(`build-1 of d-${harness.queue}`)
  const { workflowService } = harness.client
  const current = () =>
    workflowService
      .setWorkerDeploymentCurrentVersion({ namespace: 'default', ...version })
      .then(() => true)
  // The server learns of a version with the first polls of its workers.
  await until(() => current().catch(() => false), { what: 'the version' })
  const ended = await ingestRows('versioned')
  expect(ended).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  const { raw } = await harness.client.workflow.getHandle(ended.ingestId).describe()
  const { deploymentVersion } = raw.workflowExecutionInfo?.versioningInfo ?? {}
  expect(deploymentVersion).toMatchObject(version)
})

test('half of these variables is an error', async () => {
  const more = { ...env, TEMPORAL_WORKER_BUILD_ID: 'build-1' }
  const { code, error } = await sluice(['worker'], { env: more })
  expect(code).toBe(1)
  expect(error).toContain('it goes with TEMPORAL_DEPLOYMENT_NAME, which is not set')
})
