/**
 * The direction of imports, read from the picture in CONTRIBUTING.md:
 *
 *   cli, api -> ingests | fleet -> stage | postgres -> spec
 *   worker -> fleet; worker -> activities -> rejects | stage | postgres | steps -> spec
 *       -> sources | formats -> domain; sources, formats -> unpack -> io -> domain
 *   cli, api, worker, dev -> temporal -> spec, workflows
 *   workflows -> domain, and of the activities the types only
 *
 * `config` and `log` are for everyone but the domain and the workflows, which run in the workflow
 * sandbox; `errors` imports nothing, so the domain may throw from it. Type imports count like any
 * other: a type is knowledge too.
 */
const below = ['domain', 'errors', 'config', 'io']
const lanes = [
  'sources',
  'connections',
  'http',
  's3',
  'foreign',
  'unpack',
  'stage',
  'formats',
  'postgres',
  'steps',
  'rejects',
]
const useCases = ['ingests', 'fleet']
const middle = [...lanes, 'spec', 'temporal', ...below]

/** Every room of the product, and which others it may import. Itself is always allowed. */
const mayImport = {
  errors: [],
  domain: ['errors'],
  io: ['domain', 'errors'],
  config: ['domain', 'errors'],
  http: below,
  s3: ['http', ...below],
  foreign: below,
  connections: ['http', 's3', 'foreign', ...below],
  sources: ['connections', 'http', 's3', 'foreign', 'unpack', ...below],
  unpack: below,
  stage: ['connections', 'http', 's3', ...below],
  formats: ['unpack', ...below],
  spec: ['formats', 'sources', 'unpack', ...below],
  postgres: ['spec', ...below],
  steps: below,
  rejects: ['postgres', ...below],
  activities: [...lanes, 'spec', ...below],
  workflows: ['domain', 'activities'],
  temporal: ['workflows', 'spec', ...below],
  ingests: ['spec', 'sources', 'stage', 'postgres', 'temporal', ...below],
  fleet: ['postgres', 'temporal', ...below],
  api: [...useCases, ...middle],
  worker: ['activities', 'fleet', ...middle],
  dev: middle,
  cli: ['worker', 'dev', ...useCases, ...middle],
}

const places = {
  errors: '^src/errors(/|\\.ts$)',
  config: '^src/((config|log|settings|signals|version)\\.ts$|settings/)',
  activities: '^activities/',
  workflows: '^workflows/',
}
const placeOf = (room) => places[room] ?? `^src/${room}/`
const rooms = Object.keys(mayImport)
const product = '^(src|workflows|activities|bin)/'

/** What starts a process is all that the command line knows of the API. */
const entryPoints = '^src/api/server\\.ts$'

const directions = rooms.map((room) => ({
  name: `direction-of-${room}`,
  comment: 'This room may not know that one: see the picture at the head of this file.',
  severity: 'error',
  from: { path: placeOf(room) },
  to: {
    path: product,
    pathNot: [...[room, ...mayImport[room]].map(placeOf), ...(room === 'cli' ? [entryPoints] : [])],
  },
}))

export default {
  forbidden: [
    ...directions,
    {
      name: 'formats-by-their-interface',
      comment: 'What belongs to one format is for its folder: speak with src/formats/format.ts.',
      severity: 'error',
      from: { path: product, pathNot: '^src/formats/(index\\.ts$|([^/]+)/)' },
      to: { path: '^src/formats/[^/]+/' },
    },
    {
      name: 'formats-know-no-other-format',
      comment:
        'What two formats share is a file in src/formats itself; their loops share src/formats/simd.',
      severity: 'error',
      from: { path: '^src/formats/([^/]+)/' },
      to: {
        path: '^src/formats/',
        pathNot: [
          '^src/formats/$1/',
          '^src/formats/(?!index\\.ts)[^/]+\\.ts$',
          '^src/formats/simd/',
        ],
      },
    },
    {
      name: 'every-folder-has-a-place',
      comment: 'A new folder under src belongs into the picture at the head of this file.',
      severity: 'error',
      from: { path: '^src/', pathNot: rooms.map(placeOf) },
      to: {},
    },
    {
      name: 'domain-is-pure',
      comment: 'The domain runs in workflows, too: it imports itself and typebox, nothing of Node.',
      severity: 'error',
      from: { path: [placeOf('domain'), placeOf('errors')] },
      to: { pathNot: [product, '^node_modules/typebox/'] },
    },
    {
      name: 'workflows-are-deterministic',
      comment: 'Besides the domain a workflow imports @temporalio/workflow, and nothing of Node.',
      severity: 'error',
      from: { path: placeOf('workflows') },
      to: { pathNot: [product, '^node_modules/@temporalio/workflow/'] },
    },
    {
      name: 'workflows-take-only-types-of-activities',
      comment: 'Write `import type`: the code of an activity must not get into the bundle.',
      severity: 'error',
      from: { path: placeOf('workflows') },
      to: { path: placeOf('activities'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'verbs-without-temporal',
      comment: 'A verb is a plain function: what it needs of Temporal comes with its attempt.',
      severity: 'error',
      from: {
        path: placeOf('activities'),
        pathNot: '^activities/attempt/(activity|failure)\\.ts$',
      },
      to: { path: '^node_modules/@temporalio/' },
    },
    {
      name: 'sources-by-their-table',
      comment:
        'A kind of source is known to src/sources/index.ts only, so that adding one is one file.',
      severity: 'error',
      from: { path: product, pathNot: placeOf('sources') },
      to: { path: placeOf('sources'), pathNot: '^src/sources/(index|source|head)\\.ts$' },
    },
    {
      name: 'product-without-tests',
      comment: 'The product does not know its tests, benchmarks, chaos and scripts.',
      severity: 'error',
      // bin/sluice.js builds dist/ in a checkout.
      from: { path: product, pathNot: '^bin/' },
      to: { path: '^(test|bench|chaos|scripts)/' },
    },
    {
      name: 'product-without-dev-dependencies',
      comment: 'The image has no devDependencies. Only the embedded stack of src/dev may use them.',
      severity: 'error',
      // bin/sluice.js takes tsx in a checkout, where it is installed.
      from: { path: product, pathNot: ['^src/dev/', '^bin/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'declared-dependencies-only',
      comment: 'This package comes by way of another one: name it in package.json.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'resolvable',
      comment: 'There is nothing at this path.',
      severity: 'error',
      // dist/ is there after a build only.
      from: {},
      to: { couldNotResolve: true, pathNot: '(^|/)dist/' },
    },
    {
      name: 'no-cycles',
      comment: 'Take out what both sides need, or turn one import round.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nobody imports this file and it imports nobody.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          '^bin/sluice\\.js$',
          // Only what is compiled requires it, see scripts/bundle.mjs.
          '^bin/import\\.cjs$',
          '^src/cli/index\\.ts$',
          // AssemblyScript, compiled into walkWasm.ts and jsonWasm.ts.
          '^src/formats/(csv/simd|jsonSimd|simd)/',
          '^workflows/index\\.ts$',
          '^(scripts|bench|chaos|test)/',
          '\\.config\\.ts$',
          '\\.d\\.ts$',
        ],
      },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
}
