/** Rows for the large tests: cheap to make, and every one can be told from the others. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

/** `id,name,amount,day,note`, with quoted newlines here and there. */
export async function writeRows(path: string, rows: number): Promise<void> {
  const file = createWriteStream(path)
  file.write('id,name,amount,day,note\n')
  for (let from = 0; from < rows; from += 10_000) {
    let text = ''
    for (let id = from; id < Math.min(rows, from + 10_000); id++) {
      const day = `2024-${String((id % 12) + 1).padStart(2, '0')}-${String((id % 28) + 1).padStart(2, '0')}`
      const note = id % 50 === 0 ? `"line one, ${id}\nline ""two"""` : `note of row ${id}`
      text += `${id},name ${id % 977},${(id % 10_000) / 100},${day},${note}\n`
    }
    if (!file.write(text)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}

/** What must hold of a table that these rows were loaded into once each. */
export const sumOf = (rows: number): number => (rows * (rows - 1)) / 2
