/** The ingest spec: one table of options gives the type, the check, the API and the command line. */
import { type Static, Type } from 'typebox'
import { type Filled, filled, type Options, objectOf } from '../domain/option.ts'
import { QueueName, type RouteFacts, Routes } from '../domain/routes.ts'
import { TimeLimits } from '../domain/timeLimits.ts'
import type { ListedFile } from '../domain/words.ts'
import { namedIn, pathsIn, SourceOptions } from '../sources/index.ts'
import { countOrShare, mustBeCountOrShare, readCountOrShare } from './countOrShare.ts'
import { Check, readCheck } from './expect.ts'
import { FormatSpec, type FullFormat, fullFormat } from './format.ts'
import { type FullRule, rulesOf, severalOptions } from './several.ts'
import { type FullTarget, fullTarget, Target } from './target.ts'

/** The id is also a file name and a workflow id, so its alphabet is small. */
export const IngestId = Type.String({
  // A retry of its rejects has the id of the ingest and `.retry-1`.
  pattern: '^(?!.*\\.retry-)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
  description: 'Letters, digits, `.`, `_`, `-`, without `.retry-`.',
})

const Name = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' })

export const rejectsOptions = {
  max: {
    schema: countOrShare,
    about:
      'how many rejects there may be, as a count or as a share like "1%"; with more nothing is published',
    absent: 'half of the records',
    must: mustBeCountOrShare,
    flag: { text: '--max-rejects <n>', read: readCountOrShare },
    example: '--max-rejects 1%',
  },
} satisfies Options

/** What else describes an ingest. */
export const ingestOptions = {
  id: {
    schema: IngestId,
    about: 'the idempotency key and Temporal workflow id: letters, digits, `.`, `_`, `-`',
    absent: 'made up',
    flag: { text: '--id <id>' },
    example: '--id trips-2026-11',
  },
  expect: {
    schema: Type.Array(Check, { minItems: 1, maxItems: 50 }),
    about:
      'a check of the rows before they are published: `rows 1..`, `rows change 20%`, `not-null id`, ' +
      '`unique id`, `values status in open, closed`, `values amount 0..100`, `fresh day 2d`, ' +
      '`no-rows select …`, or the same in JSON; with `warn` in front it only tells',
    absent: 'nothing is checked',
    must: 'a check, like "not-null id" or "rows 1..": see docs/checks.md',
    flag: { text: '--expect <check>', list: 'again', read: readCheck },
    example: "--expect 'not-null id'",
  },
  steps: {
    schema: Type.Array(Name, { minItems: 1, maxItems: 20 }),
    about: 'steps of your app to run on every staged file, in order',
    absent: 'none',
    flag: { text: '--steps <names>', shell: 'with commas', list: 'commas' },
    example: '--steps clean,resize',
  },
  routes: {
    schema: Routes,
    about: 'which work goes to which queue; the first route that fits decides',
    absent: 'those of the settings file',
    example: '[{"when": {"sizeOver": "1GB"}, "queue": "big"}]',
  },
  timeouts: {
    schema: TimeLimits,
    about: 'time limits of one attempt of a verb',
    absent: 'those of the settings file',
    example: '{"load": {"soft": "10m", "hard": "15m"}}',
  },
  parallelism: {
    schema: Type.Integer({ minimum: 1, maximum: 200 }),
    about: 'units in flight',
    preset: 32,
    flag: { text: '--parallelism <n>' },
    example: '--parallelism 8',
  },
  priority: {
    schema: Type.Integer({ minimum: 1, maximum: 5 }),
    about: '1 overtakes 5 on the workers that both wait for',
    preset: 3,
    flag: { text: '--priority <n>' },
    example: '--priority 1',
  },
  tenant: {
    schema: Name,
    about: 'tenants share the workers by turns, however many ingests each one has',
    absent: 'none',
    flag: { text: '--tenant <name>' },
    example: '--tenant acme',
  },
  queue: {
    schema: QueueName,
    about: 'the task queue of the workers',
    absent: 'as the routes say, else ingest',
    flag: { text: '--queue <name>' },
    example: '--queue big',
  },
  ...severalOptions,
} satisfies Options

export const IngestSpec = Type.Object(
  {
    source: SourceOptions,
    target: Type.Optional(Target),
    format: Type.Optional(FormatSpec),
    rejects: Type.Optional(objectOf(rejectsOptions)),
    ...objectOf(ingestOptions).properties,
  },
  {
    additionalProperties: false,
    description: 'One request to bring one source into one target, or into several.',
  },
)
/** What a client sends. */
export type IngestSpec = Static<typeof IngestSpec>

type Own = 'id' | 'format' | 'target' | 'targets' | 'rejects' | 'tenant' | 'queue'
type Rest = Omit<IngestSpec, Own>

/** The spec with every default filled in: what the ledger keeps and compares. */
export interface FullSpec extends Filled<typeof ingestOptions, Rest> {
  format: FullFormat
  /** null: there are several, or the steps are all that is to be done. */
  target: FullTarget | null
  /** Several targets; absent where there is one at most. */
  targets?: FullRule[]
  rejects: { max: number | string | null }
  tenant: string | null
  /** null: as the routes say. */
  queue: string | null
}

/** Fills in the defaults. The id is not part of what makes two specs the same. */
export function fullSpec({ id: _, targets: _targets, ...spec }: IngestSpec): FullSpec {
  const targets = rulesOf({ ...spec, ...(_targets && { targets: _targets }) })
  return {
    ...filled(ingestOptions, spec),
    format: fullFormat(spec.format),
    target: spec.target && !targets ? fullTarget(spec.target) : null,
    ...(targets && { targets }),
    rejects: { max: spec.rejects?.max ?? null },
    tenant: spec.tenant ?? null,
    queue: spec.queue ?? null,
  }
}

/** What routes ask of a spec. */
export const factsOf = ({
  source,
}: Pick<FullSpec, 'source'>): Pick<RouteFacts, 'source' | 'paths'> => ({
  source: source.kind,
  paths: pathsIn(source),
})

/** Tells the files that a spec names itself from those that a folder, a glob or an archive has. */
export function namedFiles(
  source: SourceOptions,
): (file: Pick<ListedFile, 'name' | 'member'>) => boolean {
  const isNamed = namedIn(source)
  return ({ name, member }) => member == null && isNamed(name)
}
