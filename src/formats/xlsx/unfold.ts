/**
 * A sheet as lines of text: what is staged of it.
 *
 * Row 7 of the sheet is line 7: a JSON array of its cells, or nothing where it is empty. The first
 * line begins with what the sheet is, and what the sheet has beside its rows is the last line.
 */
import type { UnpackLimits } from '../../domain/unpack.ts'
import type { Archive } from '../../unpack/archive.ts'
import { checkRatio, checkSize } from '../../unpack/limits.ts'
import type { Area } from './cellRef.ts'
import { type Shared, SheetReader, type SheetRow } from './sheet.ts'
import { createXmlReader } from './xml.ts'

export interface Unfolding {
  /** What it is called in messages. */
  file: string
  part: string
  /** What the first line begins with, in JSON. */
  title: object
  area: Area | null
  limits: UnpackLimits
  signal: AbortSignal
}

/** So much text is handed on at once, unless one chunk of XML has more. */
const chunkChars = 64 * 1024

/** @throws what is wrong with its XML; packed_file_damaged, unpack_limit */
export async function* unfold(
  archive: Archive,
  shared: Shared,
  { file, part, title, area, limits, signal }: Unfolding,
): AsyncGenerator<Buffer> {
  const sheet = new SheetReader(shared, area)
  const xml = createXmlReader(sheet)
  const lines = new Lines(title)
  let bytes = 0
  const taken = () => {
    const chunk = Buffer.from(lines.take())
    bytes += chunk.length
    // One text that many cells share takes room for each of them.
    checkSize(file, bytes, limits)
    checkRatio(file, { packed: archive.sizeBytes, unpacked: bytes }, limits)
    return chunk
  }
  for await (const chunk of archive.read(part)) {
    signal.throwIfAborted()
    for (let at = 0; at < chunk.length; at += chunkChars) {
      xml.write(chunk.subarray(at, at + chunkChars))
      for (const row of sheet.take()) {
        lines.add(row)
        if (lines.chars > chunkChars) yield taken()
      }
    }
  }
  xml.end()
  for (const row of sheet.take()) lines.add(row)
  lines.end(sheet.beside)
  yield taken()
}

class Lines {
  chars = 0
  #text: string[] = []
  #row = 0

  constructor(title: object) {
    this.#push(JSON.stringify(title))
  }

  add({ row, cells }: SheetRow): void {
    // The line of the row before it ends here too.
    this.#push('\n'.repeat(this.#row === 0 ? row - 1 : row - this.#row))
    for (let at = 0; at < cells.length; at++) {
      this.#push(`${at === 0 ? '[' : ','}${cells[at] ?? 'null'}`)
    }
    this.#push(']')
    this.#row = row
  }

  end(beside: object): void {
    this.#push(`\n${JSON.stringify(beside)}\n`)
  }

  take(): string {
    const text = this.#text.join('')
    this.#text = []
    this.chars = 0
    return text
  }

  #push(text: string): void {
    this.#text.push(text)
    this.chars += text.length
  }
}
