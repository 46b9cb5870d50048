/** Rejects as CSV (RFC 4180), piece by piece. */
import type { RejectView } from '../postgres/ledger/rejects.ts'

const open = ['file', 'line', 'column', 'code', 'constraint', 'error', 'raw'] as const
const pieceChars = 64 * 1024

/** @param all with those that were loaded after all, and since when */
export async function* csvOf(
  rejects: AsyncIterable<RejectView>,
  all = false,
): AsyncGenerator<string> {
  const columns = all ? ([...open, 'loadedAt'] as const) : open
  let piece = `${[...open, ...(all ? ['loaded_at'] : [])].join(',')}\r\n`
  for await (const reject of rejects) {
    piece += `${columns.map((column) => cell(reject[column])).join(',')}\r\n`
    if (piece.length < pieceChars) continue
    yield piece
    piece = ''
  }
  yield piece
}

/** An empty cell is no value; an empty text has quotes. */
function cell(value: string | number | Date | null): string {
  if (value === null) return ''
  const text = value instanceof Date ? value.toISOString() : String(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
