/** The ingest spec: one schema gives the type, the validation and the API documentation. */
import { type Static, Type } from 'typebox'
import { Format } from './format.ts'
import { QueueName, type Route, type RouteFacts, Routes } from './routes.ts'
import { TimeLimits } from './timeLimits.ts'
import type { ListedFile } from './words.ts'

/** Also a file name and a workflow id, so its alphabet is small. */
export const IngestId = Type.String({
  // A retry of its rejects has the id of the ingest and `.retry-1`.
  pattern: '^(?!.*\\.retry-)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
  description:
    'Idempotency key, Temporal workflow id. Letters, digits, `.`, `_`, `-`, without `.retry-`; ' +
    'made up if left out.',
})

export const UploadName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._ ()+@=,-]{0,199}$',
  description: 'Letters, digits and `. _ - ( ) + @ = ,` and spaces; no folders.',
})

const StepName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' })

const path = Type.String({ minLength: 1, maxLength: 4096 })

export const Source = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('upload'),
      uploads: Type.Array(UploadName, { minItems: 1, maxItems: 10_000 }),
    },
    { additionalProperties: false, description: 'Files put at `/v1/uploads/:name` before.' },
  ),
  Type.Object(
    {
      kind: Type.Literal('directory'),
      path: Type.Union([path, Type.Array(path, { minItems: 1, maxItems: 10_000 })], {
        description: 'A file, a folder, or a glob, on the machine of the worker; or several.',
      }),
    },
    { additionalProperties: false, description: 'Files that the worker can read.' },
  ),
])

const Target = Type.Object(
  {
    table: Type.String({
      minLength: 1,
      maxLength: 260,
      description: '`schema.table`; quote what PostgreSQL would want quoted.',
    }),
    mode: Type.Optional(
      Type.Union([Type.Literal('append'), Type.Literal('replace')], { default: 'append' }),
    ),
    types: Type.Optional(
      Type.Union([Type.Literal('sample'), Type.Literal('text')], {
        default: 'sample',
        description: 'Column types of a new table: guessed from all values, or all text.',
      }),
    ),
    schema: Type.Optional(
      Type.Union([Type.Literal('evolve'), Type.Literal('freeze')], {
        description:
          'evolve: a column of a new table is text when any value asks for it, and new columns of ' +
          'later files are added; freeze: a few odd values are rejects, and new columns fail. If ' +
          'left out, a new table evolves, and an existing one gets no new columns.',
      }),
    ),
    names: Type.Optional(
      Type.Union([Type.Literal('words'), Type.Literal('as-is')], {
        description:
          'How new columns are called: in lower case with words joined by `_`, or as the header ' +
          'writes them, so that they have to be quoted. In words if absent.',
      }),
    ),
    unique: Type.Optional(
      Type.Union([Type.Literal('reject'), Type.Literal('skip'), Type.Literal('fail')], {
        default: 'reject',
        description:
          'What becomes of a row whose key the target or an earlier row has already: it is a ' +
          'reject, it is counted and left out, or nothing is published.',
      }),
    ),
    atomic: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'false: append unit by unit straight into the target, visible early.',
      }),
    ),
  },
  { additionalProperties: false },
)

export const IngestSpec = Type.Object(
  {
    id: Type.Optional(IngestId),
    source: Source,
    format: Type.Optional(Format),
    steps: Type.Optional(
      Type.Array(StepName, {
        minItems: 1,
        maxItems: 20,
        description: 'Run on every staged file, in order, by workers whose --app has them.',
      }),
    ),
    routes: Type.Optional(Routes),
    timeouts: Type.Optional(TimeLimits),
    target: Type.Optional(Target),
    rejects: Type.Optional(
      Type.Object(
        {
          max: Type.Optional(
            Type.Union(
              [
                Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
                Type.String({ pattern: '^\\d{1,3}(\\.\\d+)?%$' }),
              ],
              {
                description: 'A count, or a share like "1%". Over it nothing is published.',
              },
            ),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    parallelism: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 200, default: 32, description: 'Units in flight.' }),
    ),
    priority: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 5,
        default: 3,
        description: '1 overtakes 5 on the workers that both wait for.',
      }),
    ),
    tenant: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
        description: 'Tenants share the workers by turns, however many ingests each one has.',
      }),
    ),
    queue: Type.Optional(QueueName),
  },
  { additionalProperties: false, description: 'One request to bring one source into one target.' },
)
/** What a client sends. */
export type IngestSpec = Static<typeof IngestSpec>
export type Source = Static<typeof Source>

export interface FullTarget {
  table: string
  mode: 'append' | 'replace'
  types: 'sample' | 'text'
  atomic: boolean
  /** Left out when the spec does not say. */
  schema?: 'evolve' | 'freeze'
  /** Absent when the spec does not say: words. */
  names?: 'words' | 'as-is'
  /** Left out when the spec does not say: reject. */
  unique?: 'reject' | 'skip' | 'fail'
}

/** The spec with every default filled in: what the ledger keeps and compares. */
export interface FullSpec {
  source: Source
  format: Format & { kind: 'csv' }
  /** Left out when there are none. */
  steps?: string[]
  /** Before those of the settings file; left out when there are none. */
  routes?: Route[]
  /** By verb; left out when there are none. */
  timeouts?: TimeLimits
  /** null: the steps are all that is to be done. */
  target: FullTarget | null
  rejects: { max: number | string | null }
  parallelism: number
  priority: number
  tenant: string | null
  queue: string
}

/** Fills in the defaults. The id is not part of what makes two specs the same. */
export function fullSpec(spec: IngestSpec): FullSpec {
  return {
    source: spec.source,
    format: { ...spec.format, kind: 'csv' },
    ...(spec.steps && { steps: spec.steps }),
    ...(spec.routes && { routes: spec.routes }),
    ...(spec.timeouts && { timeouts: spec.timeouts }),
    target: spec.target ? fullTarget(spec.target) : null,
    rejects: { max: spec.rejects?.max ?? null },
    parallelism: spec.parallelism ?? 32,
    priority: spec.priority ?? 3,
    tenant: spec.tenant ?? null,
    queue: spec.queue ?? 'ingest',
  }
}

const fullTarget = (target: Static<typeof Target>): FullTarget => ({
  ...target,
  mode: target.mode ?? 'append',
  types: target.types ?? 'sample',
  atomic: target.atomic ?? true,
})

/** What routes ask of a spec. */
export function factsOf({
  source,
}: Pick<FullSpec, 'source'>): Pick<RouteFacts, 'source' | 'paths'> {
  const named = source.kind === 'upload' ? source.uploads : source.path
  return { source: source.kind, paths: Array.isArray(named) ? named : [named] }
}

/** Tells the files that a spec names itself from those that a folder, a glob or an archive has. */
export function namedFiles(source: Source): (file: Pick<ListedFile, 'name' | 'member'>) => boolean {
  const named = source.kind === 'upload' ? source.uploads : source.path
  const names = new Set(Array.isArray(named) ? named : [named])
  return ({ name, member }) => member == null && names.has(name)
}
