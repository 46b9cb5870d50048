/**
 * Routes: which task queue an ingest, or one of its steps, goes to.
 *
 * The first route of a list whose conditions all hold decides. A condition on what is not known
 * yet does not hold: the size is known once the source is listed, a step within steps only.
 */
import { type Static, Type } from 'typebox'
import { sluiceError } from '../errors.ts'
import { type GlobKind, globCharsMax, parseGlob } from './glob.ts'
import { oneOf } from './option.ts'
import { parseSize, Size } from './size.ts'
import { type SourceKindName, sourceKinds } from './sourceKinds.ts'

/** A comma parts queues on the command line. */
export const QueueName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '^[^\\s,]+$',
  description: 'A task queue: 1 to 200 characters without spaces and commas.',
})

const glob = Type.String({ minLength: 1, maxLength: globCharsMax })
const globs = (description: string) =>
  Type.Union([glob, Type.Array(glob, { minItems: 1, maxItems: 100 })], { description })

const sourceNames = sourceKinds.map((kind) => JSON.stringify(kind)).join(', ')
const sourceKind = oneOf(...sourceKinds)

const When = Type.Object(
  {
    source: Type.Optional(
      Type.Union(
        [sourceKind, Type.Array(sourceKind, { minItems: 1, maxItems: sourceKinds.length })],
        { description: `The kind of the source, one of ${sourceNames}, or a list of them.` },
      ),
    ),
    path: Type.Optional(
      globs(
        'A glob, or several: every path of the source, as the spec names it, matches one of them.',
      ),
    ),
    target: Type.Optional(
      globs('A glob, or several, over the target as schema.table: "public.*".'),
    ),
    sizeOver: Type.Optional(Size),
    sizeUnder: Type.Optional(Size),
    step: Type.Optional(
      globs('The name of a step, a glob over names, or several: the route is for these only.'),
    ),
  },
  {
    additionalProperties: false,
    description: 'Conditions that must all hold. One on a size holds once the source is listed.',
  },
)
type When = Static<typeof When>

export const Route = Type.Object(
  { when: Type.Optional(When), queue: QueueName },
  {
    additionalProperties: false,
    description: 'Sends what `when` describes to a queue; without `when` all but the steps.',
  },
)
export type Route = Static<typeof Route>

export const Routes = Type.Array(Route, {
  maxItems: 100,
  description: 'The first route whose conditions all hold decides.',
})

/** Where work goes that neither a spec nor a route sends anywhere else. */
export const defaultQueue = 'ingest'

/** What is known of an ingest. */
export interface RouteFacts {
  source: SourceKindName
  /** As the spec names them: names of uploads; files, folders and globs of a directory. */
  paths: readonly string[]
  /** As `showTable` writes it; null without a target. */
  target: string | null
  /** The size of all files of the source together; null until it is listed. */
  sizeBytes: number | null
  /** null for the verbs. */
  step: string | null
}

/**
 * The queue of the first route that matches; null when none does.
 *
 * With a step only routes that name a step count, and without one only the others.
 */
export function queueFor(routes: readonly Route[], facts: RouteFacts): string | null {
  const isForSteps = facts.step !== null
  const found = routes.find(
    ({ when = {} }) => (when.step !== undefined) === isForSteps && holds(when, facts),
  )
  return found?.queue ?? null
}

/** The paths come last: there may be thousands of them. */
const conditions: {
  [C in keyof When]-?: (wanted: NonNullable<When[C]>, facts: RouteFacts) => boolean
} = {
  source: (wanted, { source }) => listOf(wanted).includes(source),
  sizeOver: (wanted, { sizeBytes }) => sizeBytes !== null && sizeBytes > bytesOf(wanted),
  sizeUnder: (wanted, { sizeBytes }) => sizeBytes !== null && sizeBytes < bytesOf(wanted),
  step: (wanted, { step }) => step !== null && allMatch([step], wanted, 'name'),
  target: (wanted, { target }) => target !== null && allMatch([target], wanted, 'name'),
  path: (wanted, { paths }) => paths.length > 0 && allMatch(paths.map(tidyPath), wanted, 'path'),
}

const holds = (when: When, facts: RouteFacts): boolean =>
  Object.entries(conditions).every(([name, condition]) => {
    const wanted = when[name as keyof When]
    return wanted === undefined || condition(wanted as never, facts)
  })

/** @param spend is told what each text costs with each glob */
function allMatch(
  texts: string[],
  wanted: string | string[],
  kind: GlobKind,
  spend = (_steps: number) => {},
): boolean {
  const walks = listOf(wanted).map((each) => parseGlob(each, kind, invalid).begin)
  return texts.every((text) =>
    walks.some((begin) =>
      begin().some((walk) => {
        const matches = walk.takeAll(text) && walk.isAtEnd
        spend(walk.steps)
        return matches
      }),
    ),
  )
}

/** Sizes and globs have been through `checkRoutes`. */
const invalid = (problem: string): Error => sluiceError('unexpected', { problem })
const bytesOf = (size: number | string): number => parseSize(size) ?? Number.NaN

const listOf = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value])

/** `./data//new/../big/` → `data/big`: by its text alone, links and globs are left as they are. */
function tidyPath(path: string): string {
  const root = path.startsWith('/') ? '/' : ''
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    const isUp = part === '..' && (parts.length > 0 || root !== '') && parts.at(-1) !== '..'
    if (isUp) parts.pop()
    else parts.push(part)
  }
  return root + parts.join('/') || '.'
}

/** The states that all globs of a list may have together: parsing so many takes some 50 ms. */
const globStatesMax = 100_000
/** What all globs may cost over all paths, in steps of some 10 ns. */
const globStepsMax = 20_000_000

/**
 * Checks what the schema cannot say. It never costs more than the two limits above, however long the
 * routes and the paths are.
 * @param paths of the ingest, for routes that come with one: a client that writes both could
 *   choose a pair whose matching takes hours
 * @throws what `refuse` makes of the first problem; `at` is a JSON pointer from the routes on
 */
export function checkRoutes(
  routes: readonly Route[],
  { refuse, paths = [] }: { refuse: RefuseAt; paths?: readonly string[] },
): void {
  let states = 0
  for (const [index, { when = {} }] of routes.entries()) {
    const at = `/${index}/when`
    checkSizes(when, (where, problem) => refuse(at + where, problem))
    for (const { pattern, name, where } of globsOf(when)) {
      const refuseHere = (problem: string) => refuse(at + where, problem)
      states += parseGlob(pattern, name === 'path' ? 'path' : 'name', refuseHere).size
      if (states > globStatesMax) {
        throw refuseHere(
          `up to here all globs come to more than ${globStatesMax} characters, ` +
            'each alternative of {a,b} counted: make them shorter, or fewer',
        )
      }
      if (name === 'target' && isBareName(pattern)) {
        throw refuseHere(`the table comes with its schema: "public.${pattern}"`)
      }
    }
  }
  checkSteps(routes, paths, refuse)
}

/** Walks all paths through the globs of each route, as `queueFor` does at most. */
function checkSteps(routes: readonly Route[], paths: readonly string[], refuse: RefuseAt): void {
  const tidied = paths.map(tidyPath)
  let steps = 0
  for (const [index, { when }] of routes.entries()) {
    if (when?.path === undefined) continue
    allMatch(tidied, when.path, 'path', (more) => {
      steps += more
      if (steps <= globStepsMax) return
      const problem = 'the globs are too long for so many paths: make them shorter, or fewer'
      throw refuse(`/${index}/when/path`, problem)
    })
  }
}

/** Makes an error of a problem at a place. */
export type RefuseAt = (at: string, problem: string) => Error

function checkSizes({ sizeOver, sizeUnder }: When, refuse: RefuseAt): void {
  if (sizeOver === undefined || sizeUnder === undefined) return
  if (bytesOf(sizeOver) + 1 < bytesOf(sizeUnder)) return
  throw refuse('/sizeUnder', `no size is over ${sizeOver} and under ${sizeUnder}`)
}

const globsOf = (when: When) =>
  (['path', 'target', 'step'] as const).flatMap((name) =>
    listOf(when[name] ?? []).map((pattern, index) => {
      const where = Array.isArray(when[name]) ? `/${name}/${index}` : `/${name}`
      return { pattern, name, where }
    }),
  )

/** Nothing in it could stand for the dot of `schema.table`. */
const isBareName = (pattern: string): boolean => !/[.*?[{]/.test(pattern)
