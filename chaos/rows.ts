/** What is ingested: files with good rows, rows of a wrong type, and rows of a wrong width. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface SourceOrder {
  folder: string
  files: number
  /** Good ones, in each file. */
  rows: number
  /** Rows whose id is no number, in each file: COPY skips them. */
  bad: number
  /** Rows with a field too many, in each file: COPY gives up, and the repair lane takes over. */
  broken: number
  firstId: number
}

/** What an ingest must account for. */
export interface Crop {
  /** The glob of its files. */
  path: string
  firstId: number
  good: number
  rejects: number
}

/** Columns come in turns, so that each file is a unit of its own. */
const heads = ['id,name,amount', 'name,id,amount']

export async function writeSource(order: SourceOrder): Promise<Crop> {
  const { folder, files, rows, bad, broken, firstId } = order
  await mkdir(folder, { recursive: true })
  for (let file = 0; file < files; file++) {
    const isTurned = file % 2 === 1
    const line = (id: number | string, name: string, rest: string) =>
      isTurned ? `${name},${id},${rest}` : `${id},${name},${rest}`
    const lines = Array.from({ length: rows }, (_, row) => {
      const id = firstId + file * rows + row
      return line(id, row % 50 === 7 ? `"line one\nline ""two"""` : `name ${id}`, `${row}.5`)
    })
    // Spread evenly: the first ones lie behind other rows.
    const spoil = (count: number, text: (n: number) => string) => {
      for (let n = 0; n < count; n++) {
        lines.splice(Math.floor((lines.length * (n + 1)) / (count + 1)), 0, text(n))
      }
    }
    spoil(bad, (n) => line(`bad${n}`, 'none', '0'))
    spoil(broken, (n) => line(n, 'none', '0,too,many'))
    const name = `${String(file).padStart(4, '0')}.csv`
    await writeFile(join(folder, name), `${heads[file % 2]}\n${lines.join('\n')}\n`)
  }
  return {
    path: join(folder, '*.csv'),
    firstId,
    good: files * rows,
    rejects: files * (bad + broken),
  }
}

/** What the ids of so many rows add up to. */
export const sumOfIds = ({ firstId, good }: Crop): number =>
  good * firstId + (good * (good - 1)) / 2
