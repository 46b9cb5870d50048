/** The corrections of an upload, with the open rejects that they are for. */
import { createHash } from 'node:crypto'
import type { RetryInput } from '../../src/domain/retry.ts'
import { sluiceError } from '../../src/errors.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { findOpen, type OpenReject, readFileNos } from '../../src/postgres/ledger/openRejects.ts'
import { type Correction, readCorrections } from '../../src/rejects/import.ts'
import { readUpload } from '../../src/stage/readUpload.ts'
import type { Attempt } from '../attempt/attempt.ts'
import type { Attempted } from './reload.ts'

type Upload = NonNullable<RetryInput['upload']>
type Corrections = RetryInput & { upload: Upload }

const pageRows = 2000
const pageChars = 8 * 1024 * 1024

/** @throws corrections_invalid, correction_unknown, upload_not_found */
export async function* correctedPages(
  { stage, signal }: Attempt,
  tx: Connection,
  order: Corrections,
): AsyncGenerator<Attempted[]> {
  const { upload } = order
  const bytes = unchanged(readUpload(stage.uploads, upload.name, signal), upload)
  const find = finder(tx, order)
  let page: Correction[] = []
  let chars = 0
  let any = false
  for await (const correction of readCorrections(bytes, upload.name)) {
    any = true
    page.push(correction)
    chars += correction.raw.length
    if (page.length < pageRows && chars < pageChars) continue
    yield await find(page)
    page = []
    chars = 0
  }
  if (page.length > 0) yield await find(page)
  if (any) return
  throw sluiceError('corrections_invalid', { name: upload.name, problem: 'it has no rows' })
}

/** The bytes that the retry was asked for with; nothing commits before the last of them is seen. */
async function* unchanged(
  chunks: AsyncIterable<Buffer>,
  { name, sha256 }: Upload,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  for await (const bytes of chunks) {
    hash.update(bytes)
    yield bytes
  }
  if (hash.digest('hex') === sha256) return
  const problem = 'it is not what it was when the retry was asked for'
  throw sluiceError('corrections_invalid', { name, problem })
}

function finder(tx: Connection, { ingestId, retryId, upload }: Corrections) {
  // Neighbours are of the same file, as a rule.
  let fileNos = new Map<string, number>()
  const refuse = ({ at }: Correction, problem: string) =>
    sluiceError('correction_unknown', { name: upload.name, at, problem })

  return async (page: Correction[]): Promise<Attempted[]> => {
    const names = [...new Set(page.map(({ file }) => file))]
    if (!names.every((name) => fileNos.has(name))) {
      fileNos = await readFileNos(tx, ingestId, names)
    }
    const keys = page.map((correction) => {
      const fileNo = fileNos.get(correction.file)
      const problem = `the ingest has no file ${JSON.stringify(correction.file)}`
      if (fileNo === undefined) throw refuse(correction, problem)
      return { fileNo, line: correction.line }
    })
    const open = new Map<string, OpenReject>()
    for (const each of await findOpen(tx, ingestId, keys)) open.set(keyOf(each), each)
    return page.map((correction, index) => {
      const key = keyOf(keys[index] as (typeof keys)[number])
      const reject = open.get(key)
      const { file, line, raw: text } = correction
      if (!reject) throw refuse(correction, `line ${line} of ${file} has none, or is named twice`)
      if (reject.retryId === retryId) {
        throw refuse(correction, `line ${line} of ${file} is named twice`)
      }
      open.delete(key)
      // What is shown of bytes that are no text is not what they are.
      return { reject, raw: text === reject.text ? reject.raw : Buffer.from(text) }
    })
  }
}

const keyOf = ({ fileNo, line }: { fileNo: number; line: number }): string => `${fileNo}:${line}`
