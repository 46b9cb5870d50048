/** Rejects as CSV (RFC 4180), piece by piece. */
import type { RejectView } from '../postgres/rejects.ts'

const columns = ['file', 'line', 'column', 'code', 'error', 'raw'] as const
const pieceChars = 64 * 1024

export async function* csvOf(rejects: AsyncIterable<RejectView>): AsyncGenerator<string> {
  let piece = `${columns.join(',')}\r\n`
  for await (const reject of rejects) {
    piece += `${columns.map((column) => cell(reject[column])).join(',')}\r\n`
    if (piece.length < pieceChars) continue
    yield piece
    piece = ''
  }
  yield piece
}

/** An empty cell is no value; an empty text has quotes. */
function cell(value: string | number | null): string {
  if (value === null) return ''
  const text = String(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
