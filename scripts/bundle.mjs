/**
 * The sources and the packages that they import, in as few files as the commands can share: opening
 * a thousand files was most of what a process did when it started.
 *
 * All of it lies flat in dist/, so a module's own place has to be told: `import.meta` of a source
 * says what it would say in dist/src/…, where the SQL files are.
 */
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { build, stop, transform } from 'esbuild'
import { lazyProtosModule } from './protos.mjs'

const target = 'node20.19'
const ownFolders = ['src', 'workflows', 'activities']

/**
 * Packages that read files of their own folder, or are not there at all: they are loaded from
 * node_modules, as without a bundle.
 */
const external = [
  '@aws-sdk/credential-provider-node',
  '@duckdb/node-api',
  '@fastify/swagger',
  '@fastify/swagger-ui',
  'source-map',
  'pg-native',
]

/** A file whose name has no hash, because something starts it by that name. */
const sdkThread = 'workflowThread'

/** @returns the files to write, those that start a process last */
export async function bundle({ root, dist }) {
  const threads = await findThreads(root)
  const sdk = join(root, 'node_modules/@temporalio/worker/lib/workflow/workflow-worker-thread.js')
  const entryPoints = {
    sluice: 'src/cli/index.ts',
    steps: 'src/steps/define.ts',
    [sdkThread]: sdk,
    ...Object.fromEntries(threads.map((file) => [flat(file), file])),
  }
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target,
    // Names and lines stay as they are, so that a stack can be read without the maps.
    sourcemap: 'inline',
    sourcesContent: false,
    legalComments: 'none',
    external,
    plugins: [ownPlaces(root), patched, sdkWithoutBundler, protosWhenAsked],
    write: false,
    logLevel: 'warning',
  })
  const files = (await Promise.all(outputFiles.map(asCommonJs))).flat()
  // It keeps a process of its own.
  await stop()
  const stubs = threads.map((file) => stubOf(file, dist))
  const isEntry = ({ path }) => Object.hasOwn(entryPoints, basename(path, '.cjs'))
  const others = files.filter((file) => !isEntry(file))
  return [...others, ...files.filter(isEntry), ...stubs]
}

/**
 * What V8 has compiled of CommonJS can be kept, see bin/keepCompiled.cjs; esbuild makes files that
 * commands share as ES modules only. @returns the file, and its map
 */
async function asCommonJs({ path, text }) {
  const name = basename(path, '.js')
  // What else starts a process or a thread that takes long calls it by itself.
  const keep =
    name === sdkThread ? `require('../bin/keepCompiled.cjs').keepCompiled('worker');` : ''
  const url = `const __url=require('node:url').pathToFileURL(__filename).href;`
  const made = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target,
    sourcemap: 'external',
    sourcesContent: false,
    sourcefile: basename(path),
    legalComments: 'none',
    define: { 'import.meta.url': '__url' },
    // In the first line, so that all others keep their numbers.
    banner: `'use strict';${keep}${url}`,
  })
  const code = made.code
    .replace(/\bimport\("\.\/([\w-]+)\.js"\)/g, 'Promise.resolve().then(() => require("./$1.cjs"))')
    .replace(/\brequire\("\.\/([\w-]+)\.js"\)/g, 'require("./$1.cjs")')
    // Whatever else is imported late; the word is in comments and texts, too.
    .replace(/(=> |await |return |= |\()import\(/g, `$1require('../bin/import.cjs')(`)
  const file = join(dirname(path), `${name}.cjs`)
  const contents = `${code}//# sourceMappingURL=${name}.cjs.map\n`
  return [
    { path: file, contents },
    { path: `${file}.map`, contents: made.map },
  ]
}

/** Sources that are started as threads of their own: `new URL('./scan.ts', import.meta.url)`. */
async function findThreads(root) {
  const found = new Set()
  for (const file of ownFolders.flatMap((folder) => sourcesBelow(root, folder))) {
    const text = await readFile(join(root, file), 'utf8')
    for (const [, path] of text.matchAll(/new URL\('(\.[^']+\.ts)', import\.meta\.url\)/g)) {
      found.add(join(dirname(file), path))
    }
  }
  return [...found].sort()
}

const sourcesBelow = (root, folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))

const flat = (file) => file.replace(/\.ts$/, '').replaceAll('/', '-')

/** Stands where the compiled source would be, and imports what became of it. */
function stubOf(file, dist) {
  const path = join(dist, file.replace(/\.ts$/, '.js'))
  const compiled = relative(dirname(path), join(dist, `${flat(file)}.cjs`))
  return { path, contents: `import '${compiled}'\n` }
}

const ownPlaces = (root) => ({
  name: 'own places',
  setup(build) {
    build.onResolve({ filter: /^sluice:place$/ }, () => ({ path: 'place', namespace: 'sluice' }))
    build.onLoad({ filter: /^place$/, namespace: 'sluice' }, () => ({
      contents: `
        import { createRequire } from 'node:module'
        import { dirname } from 'node:path'
        import { fileURLToPath } from 'node:url'
        export const urlOf = (path) => new URL(path, import.meta.url).href
        export const fileOf = (path) => fileURLToPath(urlOf(path))
        export const folderOf = (path) => dirname(fileOf(path))
        export const packageFolder = (name) => dirname(createRequire(import.meta.url).resolve(name))`,
      resolveDir: root,
    }))
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const name = relative(root, path)
      if (!ownFolders.includes(name.split('/')[0])) return null
      const text = await readFile(path, 'utf8')
      if (!text.includes('import.meta.')) return null
      const place = JSON.stringify(`./${name.replace(/\.ts$/, '.js')}`)
      const contents = text
        .replace(
          /new URL\('(\.[^']+)\.ts', import\.meta\.url\)/g,
          "new URL('$1.js', import.meta.url)",
        )
        .replaceAll('import.meta.url', `__urlOf(${place})`)
        .replaceAll('import.meta.dirname', `__folderOf(${place})`)
      // In the first line, so that all others keep their numbers.
      const names = '{ urlOf as __urlOf, folderOf as __folderOf }'
      return { contents: `import ${names} from 'sluice:place';${contents}`, loader: 'ts' }
    })
  },
})

/** Packages are as npm brought them, but for these words. */
const patches = [
  // The thread of the SDK is a file that it looks for by name.
  [
    '@temporalio/worker/lib/workflow/threaded-vm.js',
    "require.resolve('./workflow-worker-thread')",
    `require('sluice:place').fileOf('./${sdkThread}.cjs')`,
  ],
  // The native part of the SDK stays where npm put it; what is around it is bundled, or each process
  // and each thread for workflows would load the packages that it imports a second time.
  [
    '@temporalio/core-bridge/common.js',
    '__dirname',
    "require('sluice:place').packageFolder('@temporalio/core-bridge')",
  ],
  // Of gRPC it needs one class.
  ['@temporalio/core-bridge/lib/errors.js', '@grpc/grpc-js', '@grpc/grpc-js/build/src/metadata'],
  // To see that this is not Cloudflare it makes a Response on Node 20, which loads all of fetch.
  ['pg/lib/stream.js', 'if (isCloudflareRuntime())', 'if (false)'],
]

const patched = {
  name: 'packages with other words',
  setup(build) {
    for (const [file, from, to] of patches) {
      const filter = new RegExp(`/node_modules/${file.replaceAll('.', '\\.')}$`)
      build.onLoad({ filter }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        if (!text.includes(from)) throw new Error(`${path} is not written as it was.`)
        return { contents: text.replace(from, to) }
      })
    }
  },
}

/**
 * The SDK brings webpack and a compiler in Rust, to bundle workflows when a worker starts. Ours are
 * bundled already.
 */
const sdkWithoutBundler = {
  name: 'SDK without its bundler',
  setup(build) {
    build.onLoad({ filter: /@temporalio\/worker\/lib\/workflow\/bundler\.js$/ }, () => ({
      contents: `
        const refuse = () => { throw new Error('Workflows are bundled by npm run build.') }
        exports.defaultWorkflowInterceptorModules = ['workflow-log-interceptor']
        exports.WorkflowCodeBundler = class { constructor() { refuse() } }
        exports.bundleWorkflowCode = refuse`,
    }))
  },
}

/** See lazyProtos.mjs. */
const protosWhenAsked = {
  name: 'messages of the SDK when they are asked for',
  setup(build) {
    build.onResolve({ filter: /^sluice:lazyProtos$/ }, () => ({
      path: join(import.meta.dirname, 'lazyProtos.mjs'),
    }))
    build.onLoad({ filter: /@temporalio\/proto\/protos\/root\.js$/ }, () => ({
      contents: lazyProtosModule(),
    }))
    build.onLoad({ filter: /@temporalio\/common\/lib\/proto-utils\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      const made = /^const (\w+) = (patched\.lookupType\('[^']+'\));$/gm
      const types = [...text.matchAll(made)]
      if (types.length === 0) throw new Error(`${path} is not written as it was.`)
      const contents = types.reduce(
        (rest, [, name, asked]) => rest.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), asked),
        text.replace(made, ''),
      )
      return { contents }
    })
  },
}
