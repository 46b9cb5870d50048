/** Avro files as the lines that are made of them. */
import { writeFile } from 'node:fs/promises'
import { unpackLimits } from '../../../src/domain/unpack.ts'
import { SluiceError } from '../../../src/errors.ts'
import { unfoldAvro } from '../../../src/formats/avro/unfold.ts'
import { writtenValues } from '../../../src/formats/copyText.ts'
import { linesOf } from '../../../src/formats/lines.ts'
import { headOf } from '../../../src/formats/unfoldedText.ts'

const signal = new AbortController().signal

export interface Unfolded {
  header: string[]
  types: string[]
  rows: (string | null)[][]
  notes: { code: string }[]
}

/** @returns why it cannot be read, where that is so */
export async function unfolded(
  path: string,
  content: Buffer,
  limits = unpackLimits,
): Promise<Unfolded | SluiceError> {
  await writeFile(path, content)
  const chunks: Buffer[] = []
  try {
    const how = { limits, signal }
    for await (const chunk of unfoldAvro({ path, file: 'x.avro' }, how)) chunks.push(chunk)
  } catch (error) {
    if (error instanceof SluiceError) return error
    throw error
  }
  const all = Buffer.concat(chunks)
  const { header, reading, start, notes } = headOf(all, { kind: 'avro', newline: '\n' })
  const data = all.subarray(start.offset)
  const rows = [...linesOf(data, 0)].map(({ start: from, end }) =>
    writtenValues(data.subarray(from, end)),
  )
  return { header: header ?? [], types: reading.types ?? [], rows, notes }
}
