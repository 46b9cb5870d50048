/** Source `upload`: files that clients put into the stage before. */
import { type Static, Type } from 'typebox'
import { type Only, onlyOf, splitUpload } from '../domain/membersPath.ts'
import { leftOutMax, UploadPath } from '../domain/upload.ts'
import { sluiceError } from '../errors.ts'
import { mapOrdered } from '../io/mapOrdered.ts'
import type { Source, SourceDeps, SourceKind } from './source.ts'

const LeftBehind = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 4096 }),
    why: Type.String({ minLength: 1, maxLength: 100, description: 'Like `hidden`.' }),
  },
  { additionalProperties: false },
)

const options = Type.Object(
  {
    kind: Type.Literal('upload'),
    uploads: Type.Array(UploadPath, { minItems: 1, maxItems: 10_000 }),
    unnamed: Type.Optional(
      Type.Array(UploadPath, {
        maxItems: 10_000,
        description:
          'Those of the uploads that lay in a folder: such a file is left out when it is no data.',
      }),
    ),
    leftOut: Type.Optional(
      Type.Array(LeftBehind, {
        maxItems: leftOutMax,
        description: 'Files of such a folder that were not sent: a note names them.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Files put at `/v1/uploads/:name` before.' },
)
type Options = Static<typeof options>

const looksAtOnce = 16

export const upload = {
  options,
  paths: ({ uploads }: Options) => uploads,
  named({ uploads, unnamed = [] }: Options) {
    const others = new Set(unnamed)
    const names = new Set(uploads.filter((name) => !others.has(name)))
    return (name: string) => names.has(name)
  },
  checkOptions({ uploads }: Options) {
    const seen = new Set<string>()
    for (const name of uploads) {
      const problem = `source.uploads names ${name} twice`
      if (seen.has(name)) throw sluiceError('spec_invalid', { problem })
      seen.add(name)
    }
    inOrder(uploads)
  },
  async check({ uploads }: Options, deps: Pick<SourceDeps, 'uploads'>) {
    for (const { name } of inOrder(uploads)) await find(deps, name)
  },
  needsToken: false,
  open: ({ uploads, leftOut = [] }: Options, deps: Pick<SourceDeps, 'uploads'>): Source => ({
    async *list(signal, onLeftOut) {
      for (const { name, why } of leftOut) onLeftOut?.(name, why)
      let place = 0
      const look = async ({ name, only }: Wanted) => ({ ...(await find(deps, name)), ...only })
      for await (const file of mapOrdered(inOrder(uploads), looksAtOnce, look)) {
        signal.throwIfAborted()
        yield { ...file, place: place++ }
      }
    },
    open: (file, signal) => deps.uploads.open(file, signal),
    sha256: (file) => deps.uploads.sha256(file),
  }),
} satisfies SourceKind<Options>

interface Wanted {
  name: string
  only: { only?: Only }
}

/** Each upload once, with the members that are meant. @throws spec_invalid */
function inOrder(uploads: readonly string[]): Wanted[] {
  const globs = new Map<string, string[] | null>()
  for (const { name, members } of uploads.map(splitUpload)) {
    const before = globs.get(name)
    globs.set(name, members === null || before === null ? null : [...(before ?? []), members])
  }
  const refuse = (problem: string) => sluiceError('spec_invalid', { problem })
  return [...globs].map(([name, some]) => ({
    name,
    only: some === null ? {} : { only: onlyOf(some, refuse) },
  }))
}

/** @throws upload_not_found */
async function find({ uploads }: Pick<SourceDeps, 'uploads'>, name: string) {
  const found = await uploads.stat(name)
  if (!found) throw sluiceError('upload_not_found', { name })
  return { name, ...found }
}
