/** Rejects through COPY again, as the records that they are or as they were corrected. */

import type { Column } from '../../src/domain/columns.ts'
import { filledBy } from '../../src/domain/plan.ts'
import type { Reading } from '../../src/domain/words.ts'
import { readerOf } from '../../src/formats/index.ts'
import { oneRecord } from '../../src/formats/oneRecord.ts'
import type { Reader } from '../../src/formats/reader.ts'
import { changeDateOrder } from '../../src/postgres/copy/copy.ts'
import { copyEach } from '../../src/postgres/copy/copyEach.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { readFiles } from '../../src/postgres/ledger/files.ts'
import {
  invalidValue,
  type OpenReject,
  type RefusedAgain,
  readLayouts,
  type UnitLayout,
} from '../../src/postgres/ledger/openRejects.ts'
import { asInFile, fieldColumns } from '../load/lanes.ts'
import { correctTrimmed, type Moved } from '../publish/trimmed.ts'
import type { Way } from './throughMode.ts'

/** A reject, and the bytes to try: its own, or a correction. */
export interface Attempted {
  reject: OpenReject
  raw: Buffer
}

export interface Reloaded {
  loaded: OpenReject[]
  refused: RefusedAgain[]
}

interface Into {
  ingestId: string
  /** As SQL names it. */
  table: string
  columns: readonly Column[]
  /** The ingest, if it can be taken back. */
  writtenFor: string | null
  /** What takes the records; they go straight into the table if it is null. */
  way: Way | null
}

/** Sends rejects through COPY as the records that they are, each with the layout of its unit. */
export async function reload(
  tx: Connection,
  { ingestId, ...into }: Into,
  page: readonly Attempted[],
): Promise<Reloaded> {
  const unitNos = [...new Set(page.map(({ reject }) => reject.unitNo))]
  const layouts = await readLayouts(tx, ingestId, unitNos)
  const refused: RefusedAgain[] = []
  const loaded: OpenReject[] = []
  const moved: Moved[] = []
  for (const { layout, attempts } of byLayout(page, layouts)) {
    const { reading, columns: fields } = layout
    const reader = readerOf(reading, fieldColumns(fields, into.columns), layout)
    const { newline } = reading
    const nameOf = await namesOf(tx, ingestId, reader.ofFile ? attempts : [])
    const group = { fields, filled: filledBy(layout), reader, newline, attempts, nameOf }
    const again = await copyGroup(tx, into, group)
    for (const each of again) refused.push(each)
    const bad = new Set(again.map(({ reject }) => reject))
    for (const { reject, raw } of attempts) {
      if (bad.has(reject)) continue
      loaded.push(reject)
      const { unitNo } = reject
      moved.push({ unitNo, ragged: reader.ragged(raw), width: fields.length })
    }
  }
  await correctTrimmed(tx, ingestId, moved, 1)
  return { loaded, refused }
}

interface Group {
  /** The columns of its fields. */
  fields: readonly string[]
  /** With those that are not in the file. */
  filled: readonly string[]
  reader: Reader
  newline: Reading['newline']
  attempts: readonly Attempted[]
  /** What a file is called; empty where it does not matter. */
  nameOf(fileNo: number): string
}

/** @returns those that are refused; the others are in the table */
async function copyGroup(
  tx: Connection,
  into: Omit<Into, 'ingestId'>,
  { fields, filled, reader, newline, attempts, nameOf }: Group,
): Promise<RefusedAgain[]> {
  const types = fieldColumns(fields, into.columns)
  const refused: RefusedAgain[] = []
  const sound: Attempted[] = []
  const parts: Buffer[] = []
  for (const attempt of attempts) {
    const own = reader.ofFile?.(nameOf(attempt.reject.fileNo)) ?? reader
    const found = recordOf(attempt, { reader: own, newline })
    if ('error' in found) refused.push({ ...attempt, column: null, ...found })
    else {
      sound.push(attempt)
      parts.push(found.bytes)
    }
  }
  let end = 0
  const records = { bytes: Buffer.concat(parts), ends: parts.map(({ length }) => (end += length)) }
  await changeDateOrder(tx, reader)
  const unfit = into.way
    ? await into.way.take(filled, records)
    : await copyEach(tx, { ...into, fields: filled }, records)
  for (const each of unfit) {
    const { index, code, ...why } = each
    const reject = { ...(sound[index] as Attempted), ...why, code: code ?? invalidValue }
    refused.push(asInFile(reject, reader, types))
  }
  return refused
}

async function namesOf(tx: Connection, ingestId: string, attempts: readonly Attempted[]) {
  const fileNos = [...new Set(attempts.map(({ reject }) => reject.fileNo))]
  const files = fileNos.length > 0 ? await readFiles(tx, ingestId, fileNos) : new Map()
  return (fileNo: number): string => files.get(fileNo)?.name ?? ''
}

function byLayout(page: readonly Attempted[], layouts: ReadonlyMap<number, UnitLayout>) {
  const groups = new Map<string, { layout: UnitLayout; attempts: Attempted[] }>()
  for (const attempt of page) {
    const layout = layouts.get(attempt.reject.unitNo) as UnitLayout
    const key = JSON.stringify(layout)
    const group = groups.get(key) ?? { layout, attempts: [] }
    group.attempts.push(attempt)
    groups.set(key, group)
  }
  return groups.values()
}

/** The record that the bytes are, as COPY is given it, or what is wrong with them. */
function recordOf(
  { reject, raw }: Attempted,
  { reader, newline }: Pick<Group, 'reader' | 'newline'>,
): ReturnType<typeof oneRecord> {
  const { code, error, line } = reject
  const wasCut = code === 'record_too_long' || reader.isPart(code)
  // It was not kept whole: what is left of it must not pass for it.
  if (wasCut && raw.equals(reject.raw)) return { code, error }
  return oneRecord(raw, reader, { line, newline })
}
