/** A record a line: the scan of NDJSON. */
import type { ScannedFile } from '../format.ts'
import { type Finder, JsonScan } from '../jsonScan.ts'
import { newlineByte } from '../lines.ts'
import { isBlank } from './lines.ts'
import type { NdjsonReading } from './reading.ts'

export function lineScan(
  head: { reading: NdjsonReading; start: { offset: number; lines: number } },
  file: ScannedFile,
): JsonScan<NdjsonReading> {
  const newline = newlineByte(head.reading.newline)
  const finder: Finder = {
    open: (_, from) => from,
    mustHaveOpened: () => {},
    start: (_, from) => from,
    end: (chunk, from) => chunk.indexOf(newline, from),
    behind: 1,
    between: { newline, isList: false },
    isBlank,
    problem: null,
    finish: () => null,
  }
  return new JsonScan(head, file, finder)
}
