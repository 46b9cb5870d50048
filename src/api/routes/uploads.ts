/** Uploads: bytes on their way into the stage. They are never held in memory. */
import type { IncomingMessage } from 'node:http'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { UploadName } from '../../domain/upload.ts'
import { sluiceError } from '../../errors.ts'
import type { Stage } from '../../stage/stage.ts'
import type { ApiDeps, App } from '../deps.ts'
import { problems } from '../schemas.ts'
import { isLastPart, offsetOf, sayProgress, sha256Of } from '../uploadHeaders.ts'
import { validatorCompiler } from '../validate.ts'

const Upload = Type.Object({
  name: Type.String(),
  sizeBytes: Type.Integer({ description: 'How many bytes have arrived.' }),
  sha256: Type.Union([Type.String(), Type.Null()], {
    description: 'In hex; null before the last part is in.',
  }),
})

// Checked by hand: a bad name has a code of its own.
const params = Type.Object({
  name: Type.String({ description: 'Letters, digits and `. _ - ( ) + @ = ,` and spaces.' }),
})

/** A request whose body is bytes. */
const ofBytes = {
  // Bytes are counted by the disk, not here.
  bodyLimit: Number.MAX_SAFE_INTEGER,
  // The body is a stream that is not read yet, and a bad name has a code of its own.
  validatorCompiler: ((of: { httpPart?: string }) =>
    of.httpPart === 'querystring' ? validatorCompiler(of as never) : () => true) as never,
}

const body = Type.Unsafe<unknown>({ type: 'string', format: 'binary' })

/** What a stage that is elsewhere may answer. */
const ofStage = ['stage_unavailable', 'stage_refused'] as const

const refusals = [
  ...ofStage,
  'upload_name_invalid',
  'upload_cut_short',
  'upload_checksum_differs',
  'upload_too_large',
  'uploads_full',
  'stage_full',
] as const

export const uploads =
  ({ stage }: ApiDeps) =>
  async (app: App): Promise<void> => {
    // Whatever the type says, the body is bytes.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _body, done) => done(null))
    addWhole(app, stage)
    addParts(app, stage)
  }

/** Files that come in one request. */
function addWhole(app: App, stage: Stage): void {
  app.put('/v1/uploads/:name', {
    ...ofBytes,
    schema: {
      tags: ['uploads'],
      summary: 'Send a file',
      description:
        'The raw bytes as the body. Nothing is kept of a body that is cut short, unless the ' +
        'request has `Upload-Complete: ?1`, or `?0` when this is only the first part: then PATCH ' +
        'goes on. A second upload of a name replaces the first. With ' +
        '`Repr-Digest: sha-256=:…:` the bytes are checked. Uploads are kept for a day.',
      consumes: ['application/octet-stream'],
      params,
      body,
      response: { 201: Upload, ...problems('request_invalid', ...refusals) },
    },
    handler: async ({ params: { name }, raw }, reply) => {
      check(name)
      const isLast = isLastPart(raw.headers)
      const sha256 = sha256Of(raw.headers)
      const put = async () => ({
        ...(await stage.uploads.put(name, bytesOf(raw), { sha256 })),
        isComplete: true,
      })
      const part = { offset: 0, bytes: bytesOf(raw), isLast: isLast === true, sha256 }
      const found = await orCutShort(
        name,
        raw,
        isLast === null ? put() : stage.uploads.add(name, part),
      )
      sayProgress(reply, found)
      return reply.code(201).send({ name, sizeBytes: found.sizeBytes, sha256: found.sha256 })
    },
  })

  app.delete('/v1/uploads/:name', {
    schema: {
      tags: ['uploads'],
      summary: 'Remove a file',
      description: 'An ingest that has staged it already does not need it any more.',
      params,
      response: {
        204: Type.Null(),
        ...problems('upload_name_invalid', 'upload_not_found', ...ofStage),
      },
    },
    handler: async ({ params: { name } }, reply) => {
      check(name)
      if (!(await stage.uploads.remove(name))) throw sluiceError('upload_not_found', { name })
      return reply.code(204).send(null)
    },
  })
}

/** Files that come in parts. */
function addParts(app: App, stage: Stage): void {
  app.patch('/v1/uploads/:name', {
    ...ofBytes,
    schema: {
      tags: ['uploads'],
      summary: 'Go on with a file',
      description:
        'The next part, from `Upload-Offset` on, with `Upload-Complete: ?1` if it is the last ' +
        'one. What has arrived of a part that is cut short stays: HEAD tells how much.',
      consumes: ['application/partial-upload'],
      params,
      body,
      response: {
        200: Upload,
        ...problems(
          ...(['request_invalid', 'upload_not_found', 'upload_offset_differs'] as const),
          ...refusals,
        ),
      },
    },
    handler: async ({ params: { name }, raw }, reply) => {
      check(name)
      const part = {
        offset: offsetOf(raw.headers),
        bytes: bytesOf(raw),
        isLast: isLastPart(raw.headers) ?? false,
        sha256: sha256Of(raw.headers),
      }
      const found = await orCutShort(name, raw, stage.uploads.add(name, part))
      sayProgress(reply, found)
      return reply.code(200).send({ name, sizeBytes: found.sizeBytes, sha256: found.sha256 })
    },
  })

  app.head('/v1/uploads/:name', {
    config: { swagger: { exposeHeadRoute: true } },
    schema: {
      tags: ['uploads'],
      summary: 'Ask how much of a file has arrived',
      description: '`Upload-Offset` has the bytes, and `Upload-Complete` is `?1` if these are all.',
      params,
      response: {
        204: Type.Null(),
        ...problems('upload_name_invalid', 'upload_not_found', ...ofStage),
      },
    },
    handler: async ({ params: { name } }, reply) => {
      check(name)
      const found = await stage.uploads.progress(name)
      if (!found) throw sluiceError('upload_not_found', { name })
      sayProgress(reply, found)
      return reply.code(204).send(null)
    },
  })
}

/** Left open when writing fails, so that the answer can still be sent. */
const bytesOf = (raw: IncomingMessage) =>
  raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>

/** @throws upload_cut_short */
async function orCutShort<T>(name: string, raw: IncomingMessage, writing: Promise<T>): Promise<T> {
  return writing.catch((error) => {
    const isCutShort = raw.destroyed && !raw.complete
    throw isCutShort ? sluiceError('upload_cut_short', { name }, { cause: error }) : error
  })
}

const isName = (name: string): boolean => Value.Check(UploadName, name)

/** @throws upload_name_invalid */
function check(name: string): void {
  if (isName(name)) return
  throw sluiceError('upload_name_invalid', { name: JSON.stringify(name.slice(0, 100)) })
}
