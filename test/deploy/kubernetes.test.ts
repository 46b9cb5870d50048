/** deploy/kubernetes: fits the API of Kubernetes and KEDA, and is as robust as its comments say. */
import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import type { ScaledObject } from './keda.ts'
import { type Manifest, typeErrors } from './typeErrors.ts'
import { connections, goneAfterSeconds, read, unreadVariables, workerOptions } from './workers.ts'

interface Named extends Manifest {
  file: string
  metadata: { name: string }
}
type Labels = Record<string, string>

interface Container {
  name: string
  image: string
  args: string[]
  envFrom: { configMapRef: { name: string } }[]
  env: { name: string; valueFrom: Record<string, Labels> }[]
  ports?: { name: string; containerPort: number }[]
  volumeMounts: { name: string; mountPath: string }[]
  readinessProbe: { exec: { command: string[] } }
}

interface Deployment extends Named {
  spec: {
    replicas?: number
    selector: { matchLabels: Labels }
    strategy: { rollingUpdate: { maxSurge: number; maxUnavailable: number } }
    template: {
      metadata: { labels: Labels }
      spec: {
        terminationGracePeriodSeconds: number
        topologySpreadConstraints: { labelSelector: { matchLabels: Labels } }[]
        containers: [Container, ...Container[]]
        volumes: { name: string; persistentVolumeClaim?: { claimName: string } }[]
      }
    }
  }
}

const folder = 'deploy/kubernetes'
const files = (await readdir(folder)).filter((file) => file !== 'kustomization.yaml').sort()
const objects: Named[] = (await Promise.all(files.map(parseFile))).flat()
const kustomization = await read(`${folder}/kustomization.yaml`)

async function parseFile(file: string): Promise<Named[]> {
  return parseAllDocuments(await read(`${folder}/${file}`)).map((document) => {
    if (document.errors[0]) throw new Error(`${file}: ${document.errors[0].message}`)
    return { file, ...document.toJS() }
  })
}

const ofKind = <T = Named>(kind: string) => objects.filter((each) => each.kind === kind) as T[]
const manifestOf = ({ file: _, ...manifest }: Named): Manifest => manifest
const config = ofKind<Named & { data: Labels }>('ConfigMap')[0]!.data
const deployments = ofKind<Deployment>('Deployment').map((deployment) => {
  const { spec } = deployment
  const pod = spec.template.spec
  const labels = spec.template.metadata.labels
  return {
    ...deployment,
    name: deployment.metadata.name,
    labels,
    pod,
    container: pod.containers[0],
  }
})
const api = deployments.find(({ name }) => name === 'sluice-api')!
const scaled = ofKind<Named & ScaledObject>('ScaledObject')
const workers = deployments
  .filter((deployment) => deployment !== api)
  .map((deployment) => {
    const { spec } = scaled.find((each) => each.spec.scaleTargetRef.name === deployment.name)!
    return { ...deployment, options: workerOptions(deployment.container.args), scaling: spec }
  })

describe('the files', () => {
  it('fit the types of the Kubernetes API and of KEDA', () => {
    expect(objects.length).toBeGreaterThan(10)
    expect(typeErrors(objects.map(manifestOf))).toEqual([])
  })

  it('would be refused with a field that is unknown, missing or of another type', () => {
    const unknown = 'may only specify known properties'
    const changes = [
      ['"maxSurge"', '"maxSurges"', unknown],
      ['"accessModes":["ReadWriteMany"]', '"accessModes":"ReadWriteMany"', 'not assignable'],
      ['"selector"', '"selectors"', unknown],
      ['"scaleTargetRef"', '"scaleTarget"', unknown],
      ['"targetQueueSize":"4"', '"targetQueueSize":4', 'not assignable'],
      ['"kind":"PodDisruptionBudget"', '"kind":"Budget"', 'no exported member'],
    ] as const
    const broken = changes.map(([from, to]) => {
      const text = objects.map((each) => JSON.stringify(manifestOf(each)))
      return JSON.parse(text.find((each) => each.includes(from))!.replace(from, to))
    })
    const errors = typeErrors(broken)
    expect(errors).toHaveLength(changes.length)
    for (const [, , message] of changes) expect(errors.join('\n')).toContain(message)
  })

  it('are in the kustomization, or named there in a comment when they need something first', () => {
    const { resources, namespace } = parse(kustomization)
    const named = [...kustomization.matchAll(/^ {2}# - (.+)$/gm)].map(([, file]) => file)
    const optional = [...named, 'secret.example.yaml']
    expect([...resources, ...optional].sort()).toEqual(files.sort())
    const needKeda = scaled.map(({ file }) => file)
    expect(named).toEqual(expect.arrayContaining(needKeda))
    expect(ofKind('Namespace')[0]!.metadata.name).toBe(namespace)
  })

  it('run one image, which gets its name and version in the kustomization', () => {
    const { images } = parse(kustomization)
    expect(images).toEqual([{ name: 'sluice', newName: expect.anything(), newTag: '0.1.0' }])
    for (const { container } of deployments) expect(container.image).toBe('sluice')
  })
})

describe('every Deployment', () => {
  it('selects its own pods, and so do its budget and its spread', () => {
    const budgets = ofKind<Deployment>('PodDisruptionBudget')
    expect(new Set(deployments.map(({ labels }) => JSON.stringify(labels))).size).toBe(3)
    for (const { name, labels, spec, pod } of deployments) {
      expect(spec.selector.matchLabels, name).toEqual(labels)
      expect(pod.topologySpreadConstraints[0]!.labelSelector.matchLabels, name).toEqual(labels)
      const budget = budgets.find(({ metadata }) => metadata.name === name)!
      expect(budget.spec, name).toMatchObject({ maxUnavailable: 1, selector: spec.selector })
    }
  })

  it('has the rights of the user of the image, and writes to its volumes only', async () => {
    const [, user] = /^USER (\d+):\1$/m.exec(await read('Dockerfile'))!
    const id = Number(user)
    for (const { name, pod, container } of deployments) {
      expect(pod, name).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: id, runAsGroup: id, fsGroup: id },
      })
      expect(container, name).toMatchObject({
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        resources: {
          requests: { memory: expect.anything() },
          limits: { memory: expect.anything() },
        },
      })
      const mounts = container.volumeMounts.map((mount) => mount.name)
      expect(mounts.sort(), name).toEqual(pod.volumes.map((volume) => volume.name).sort())
    }
  })

  it('gets settings that Sluice reads, and the database from the Secret', async () => {
    expect(await unreadVariables(['DATABASE_URL', ...Object.keys(config)])).toEqual([])
    const secret = ofKind<Named & { stringData: Labels }>('Secret')[0]!
    for (const { name, container, pod } of deployments) {
      expect(container.envFrom, name).toEqual([{ configMapRef: { name: 'sluice' } }])
      const database = container.env.find((variable) => variable.name === 'DATABASE_URL')!
      const { secretKeyRef: from } = database.valueFrom
      expect(from, name).toEqual({ name: secret.metadata.name, key: 'DATABASE_URL' })
      // With them, a Service called `sluice` would set SLUICE_PORT.
      expect(pod, name).toMatchObject({ enableServiceLinks: false })
    }
    expect(Object.keys(secret.stringData)).toEqual(['DATABASE_URL'])
  })

  it('has the one stage, which all nodes can write', () => {
    const stage = ofKind<Named & { spec: object }>('PersistentVolumeClaim')[0]!
    expect(stage.spec).toMatchObject({ accessModes: ['ReadWriteMany'] })
    for (const { name, pod, container } of deployments) {
      const mount = container.volumeMounts.find(
        ({ mountPath }) => mountPath === config.SLUICE_STAGE,
      )
      const volume = pod.volumes.find((each) => each.name === mount?.name)
      expect(volume?.persistentVolumeClaim, name).toEqual({ claimName: stage.metadata.name })
    }
  })
})

describe('the API', () => {
  it('is asked for its health at its port, and reached through its Service', () => {
    expect(api.container.args).toEqual(['api'])
    expect(config).toMatchObject({ SLUICE_HOST: '0.0.0.0', SLUICE_PORT: '3000' })
    expect(api.container).toMatchObject({
      ports: [{ name: 'http', containerPort: Number(config.SLUICE_PORT) }],
      startupProbe: { httpGet: { path: '/healthz', port: 'http' } },
      livenessProbe: { httpGet: { path: '/healthz', port: 'http' } },
      readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
    })
    expect(ofKind<Named & { spec: object }>('Service')[0]!.spec).toEqual({
      selector: api.labels,
      ports: [{ name: 'http', port: 3000, targetPort: 'http' }],
    })
  })

  it('can be reached by its clients only, and workers by nobody', () => {
    const policies = ofKind<Named & { spec: Record<string, unknown> }>('NetworkPolicy')
    const [some, none] = policies.map(({ spec }) => spec)
    expect(some!.podSelector).toEqual({ matchLabels: api.labels })
    const { matchLabels } = none!.podSelector as { matchLabels: Labels }
    expect(none).not.toHaveProperty('ingress')
    for (const { labels } of deployments) expect(labels).toMatchObject(matchLabels)
  })
})

describe('a worker', () => {
  it('is told everything that has no good default in a container, in words that it knows', () => {
    const queues = workers.flatMap(({ options }) => options.queue.map(({ queue }) => queue))
    expect(queues.sort()).toEqual(['ingest', 'video_tasks'])
    for (const { name, container } of workers) {
      const flags = container.args.slice(1).map((arg) => arg.split('=')[0])
      expect(flags, name).toEqual(
        expect.arrayContaining(['--queue', '--concurrency', '--grace', '--name']),
      )
    }
  })

  it('drains before the kill', async () => {
    for (const { name, pod, options } of workers) {
      const least = (await goneAfterSeconds(options)) + 10
      expect(pod.terminationGracePeriodSeconds, name).toBeGreaterThanOrEqual(least)
    }
  })

  it('is called like its pod', () => {
    for (const { name, container, options } of workers) {
      expect(options.name, name).toBe('$(POD_NAME)')
      const { valueFrom } = container.env.find((variable) => variable.name === 'POD_NAME')!
      expect(valueFrom, name).toEqual({ fieldRef: { fieldPath: 'metadata.name' } })
    }
  })

  it('is ready when it is connected to the port of Temporal, and never restarted for it', () => {
    const port = Number(config.TEMPORAL_ADDRESS!.split(':')[1])
    const hex = port.toString(16).toUpperCase().padStart(4, '0')
    for (const { name, container } of workers) {
      expect(container.readinessProbe.exec.command, name).toContain(`:${hex} 01 `)
      expect(container, name).not.toHaveProperty('livenessProbe')
    }
  })

  it('takes its app from a folder that is mounted', () => {
    const { container, options } = workers.find((worker) => worker.options.app)!
    const mountPath = dirname(options.app!)
    expect(container.volumeMounts).toContainEqual({ name: 'app', mountPath, readOnly: true })
  })
})

describe('autoscaling', () => {
  it('follows the activities that wait in the queue of each worker', () => {
    expect(scaled).toHaveLength(workers.length)
    for (const { name, options, scaling } of workers) {
      expect(
        scaling.triggers.map(({ metadata }) => metadata),
        name,
      ).toEqual([
        {
          endpoint: config.TEMPORAL_ADDRESS,
          namespace: config.TEMPORAL_NAMESPACE,
          taskQueue: options.queue[0]!.queue,
          queueTypes: 'activity',
          targetQueueSize: String(options.concurrency),
        },
      ])
    }
  })

  it('keeps a worker, for the backlog does not count tasks in flight, and removes them slowly', () => {
    for (const { name, scaling } of workers) {
      expect(scaling.minReplicaCount, name).toBeGreaterThanOrEqual(1)
      expect(scaling.maxReplicaCount, name).toBeGreaterThan(scaling.minReplicaCount!)
      expect(scaling.cooldownPeriod, name).toBeGreaterThanOrEqual(300)
      const down = scaling.advanced!.horizontalPodAutoscalerConfig!.behavior!.scaleDown!
      expect(down.stabilizationWindowSeconds, name).toBeGreaterThanOrEqual(300)
      expect(down.policies, name).toEqual([{ type: 'Pods', value: 1, periodSeconds: 60 }])
    }
  })

  it('is not undone by an apply', () => {
    for (const { name, spec } of workers) expect(spec.replicas, name).toBeUndefined()
  })
})

it('says how many connections to PostgreSQL that makes', async () => {
  const surge = ({ spec }: Deployment) => spec.strategy.rollingUpdate.maxSurge
  const ofWorkers = workers.map((worker) => {
    const replicas = worker.scaling.maxReplicaCount! + surge(worker)
    return replicas * connections.worker(worker.options)
  })
  const ofApi = (api.spec.replicas! + surge(api)) * connections.api
  const sum = ofWorkers.reduce((total, each) => total + each, ofApi)
  expect(await read('deploy/README.md')).toContain(`| ${sum} connections |`)
})
