/** Uploads: bytes on their way into the stage. They are never held in memory. */
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { UploadName } from '../../domain/upload.ts'
import { sluiceError } from '../../errors.ts'
import type { ApiDeps, App } from '../deps.ts'
import { problems } from '../schemas.ts'
import { validatorCompiler } from '../validate.ts'

const Upload = Type.Object({
  name: Type.String(),
  sizeBytes: Type.Integer(),
  sha256: Type.String({ description: 'In hex.' }),
})

// Checked by hand: a bad name has a code of its own.
const params = Type.Object({
  name: Type.String({ description: 'Letters, digits and `. _ - ( ) + @ = ,` and spaces.' }),
})

export const uploads =
  ({ stage }: ApiDeps) =>
  async (app: App): Promise<void> => {
    // Whatever the type says, the body is bytes.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _body, done) => done(null))

    app.put('/v1/uploads/:name', {
      // Bytes are counted by the disk, not here.
      bodyLimit: Number.MAX_SAFE_INTEGER,
      // The body is a stream that is not read yet, and a bad name has a code of its own.
      validatorCompiler: (of) =>
        of.httpPart === 'querystring' ? validatorCompiler(of as never) : () => true,
      schema: {
        tags: ['uploads'],
        summary: 'Send a file',
        description:
          'The raw bytes as the body. Nothing is kept of a body that is cut short; a second ' +
          'upload of a name replaces the first. Uploads are kept for a day.',
        consumes: ['application/octet-stream'],
        params,
        body: Type.Unsafe<unknown>({ type: 'string', format: 'binary' }),
        response: {
          201: Upload,
          ...problems('upload_name_invalid', 'upload_cut_short', 'stage_full'),
        },
      },
      handler: async ({ params: { name }, raw }, reply) => {
        check(name)
        // Left open when writing fails, so that the answer can still be sent.
        const bytes = raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
        const { sizeBytes, sha256 } = await stage.uploads.put(name, bytes).catch((error) => {
          const isCutShort = raw.destroyed && !raw.complete
          throw isCutShort ? sluiceError('upload_cut_short', { name }, { cause: error }) : error
        })
        return reply.code(201).send({ name, sizeBytes, sha256 })
      },
    })

    app.delete('/v1/uploads/:name', {
      schema: {
        tags: ['uploads'],
        summary: 'Remove a file',
        description: 'An ingest that has staged it already does not need it any more.',
        params,
        response: { 204: Type.Null(), ...problems('upload_name_invalid', 'upload_not_found') },
      },
      handler: async ({ params: { name } }, reply) => {
        check(name)
        if (!(await stage.uploads.remove(name))) throw sluiceError('upload_not_found', { name })
        return reply.code(204).send(null)
      },
    })
  }

const isName = (name: string): boolean => Value.Check(UploadName, name)

/** @throws upload_name_invalid */
function check(name: string): void {
  if (isName(name)) return
  throw sluiceError('upload_name_invalid', { name: JSON.stringify(name.slice(0, 100)) })
}
