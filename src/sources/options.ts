/** What a spec says of a source. */
import { type Static, Type } from 'typebox'

export const UploadName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._ ()+@=,-]{0,199}$',
  description: 'Letters, digits and `. _ - ( ) + @ = ,` and spaces; no folders.',
})

const path = Type.String({ minLength: 1, maxLength: 4096 })

/** More of them are not told by name. */
export const leftOutMax = 1000

const LeftBehind = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 4096 }),
    why: Type.String({ minLength: 1, maxLength: 100, description: 'Like `hidden`.' }),
  },
  { additionalProperties: false },
)

const Upload = Type.Object(
  {
    kind: Type.Literal('upload'),
    uploads: Type.Array(UploadName, { minItems: 1, maxItems: 10_000 }),
    unnamed: Type.Optional(
      Type.Array(UploadName, {
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

const Directory = Type.Object(
  {
    kind: Type.Literal('directory'),
    path: Type.Union([path, Type.Array(path, { minItems: 1, maxItems: 10_000 })], {
      description: 'A file, a folder, or a glob, on the machine of the worker; or several.',
    }),
  },
  { additionalProperties: false, description: 'Files that the worker can read.' },
)

export const SourceOptions = Type.Union([Upload, Directory])
export type SourceOptions = Static<typeof SourceOptions>

/** The uploads or the paths that a spec names itself. */
export const namesIn = (source: SourceOptions): string[] =>
  source.kind === 'upload' ? source.uploads : [source.path].flat()
