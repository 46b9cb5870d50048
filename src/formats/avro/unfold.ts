/** Avro as lines: its blocks are decoded one after the other, and each record is a row. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { headLine } from '../../domain/unfolded.ts'
import { type Note, noteOf } from '../../errors/notes.ts'
import { sluiceError } from '../../errors.ts'
import { checkRatio, checkSize } from '../../unpack/limits.ts'
import type { UnfoldHow } from '../format.ts'
import { AvroFile, type Block, CodecUnknown } from './blocks.ts'
import { codecs } from './codecs.ts'
import { type AvroColumn, columnsOf } from './columns.ts'
import { AvroFault, Cursor } from './cursor.ts'
import { RowText } from './rowText.ts'

/**
 * @param file its path on this machine, and what it is called
 * @throws avro_unreadable, avro_codec, unpack_limit
 */
export async function* unfoldAvro(
  { path, file }: { path: string; file: string },
  how: UnfoldHow,
): AsyncGenerator<Buffer> {
  how.signal.throwIfAborted()
  let avro: AvroFile | null = null
  try {
    avro = await AvroFile.open(path)
    const columns = columnsOf(avro.schema)
    const notes = await notesOf({ file, avro, columns }, how)
    yield Buffer.from(headLine(columns, notes))
    yield* rowsOf({ file, avro, columns }, how)
  } catch (error) {
    throw told(file, error)
  } finally {
    await avro?.close()
  }
}

function told(file: string, error: unknown): unknown {
  if (error instanceof CodecUnknown) {
    const known = Object.keys(codecs).join(', ')
    return sluiceError('avro_codec', { file, codec: error.codec.slice(0, 60), known })
  }
  if (!(error instanceof AvroFault)) return error
  return sluiceError('avro_unreadable', { file, problem: error.message }, { cause: error })
}

interface Opened {
  /** What it is called in messages. */
  file: string
  avro: AvroFile
  columns: readonly AvroColumn[]
}

/** How many values lose nanoseconds stands in front of the rows: so a file that may have some is read twice. */
async function notesOf(opened: Opened, how: UnfoldHow): Promise<Note[]> {
  const { file, columns } = opened
  const fine = columns.filter(({ cut }) => cut)
  if (fine.length === 0) return []
  for await (const _ of rowsOf(opened, how));
  return fine.flatMap(({ name: column, cut }) => {
    const count = cut?.values ?? 0
    return count > 0 ? [noteOf('nanoseconds_cut', { file, column, count })] : []
  })
}

/** @throws AvroFault, unpack_limit */
async function* rowsOf(
  { file, avro, columns }: Opened,
  { limits, signal }: UnfoldHow,
): AsyncGenerator<Buffer> {
  const rows = new RowText()
  let bytes = 0
  for await (const block of avro.blocks()) {
    for (const chunk of rowsIn(block, columns, rows)) {
      bytes += chunk.length
      checkSize(file, bytes, limits)
      checkRatio(file, { packed: avro.sizeBytes, unpacked: bytes }, limits)
      yield chunk
      // Whoever reads has perhaps nothing to wait for, and others want the thread too.
      await nextTurn()
      signal.throwIfAborted()
    }
  }
  yield rows.taken()
}

/** @throws AvroFault */
function* rowsIn(
  { no, count, bytes }: Block,
  columns: readonly AvroColumn[],
  rows: RowText,
): Generator<Buffer> {
  const from = new Cursor()
  from.open(bytes)
  rows.open(bytes.length)
  for (let row = 1; row <= count; row++) {
    try {
      for (let at = 0; at < columns.length; at++) {
        if (at > 0) rows.field()
        ;(columns[at] as AvroColumn).write(from, rows)
      }
    } catch (error) {
      if (!(error instanceof AvroFault)) throw error
      throw error.at(`block ${no}, row ${row} of it`)
    }
    rows.endRow()
    if (rows.isFull) yield rows.taken()
  }
  if (!from.atEnd) throw new AvroFault(`block ${no}: bytes are left behind its ${count} rows`)
}
