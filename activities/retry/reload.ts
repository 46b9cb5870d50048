/** Rejects through COPY again, as the records that they are or as they were corrected. */

import type { Column } from '../../src/domain/columns.ts'
import { rejectReason } from '../../src/errors/rejects.ts'
import { triage } from '../../src/formats/csv/repair.ts'
import { Rewriter } from '../../src/formats/csv/rewrite.ts'
import { recordBytesMax } from '../../src/formats/csv/shape.ts'
import { changeDateOrder } from '../../src/postgres/copy/copy.ts'
import { copyEach } from '../../src/postgres/copy/copyEach.ts'
import type { Connection } from '../../src/postgres/db.ts'
import {
  invalidValue,
  type OpenReject,
  type RefusedAgain,
  readLayouts,
  type UnitLayout,
} from '../../src/postgres/ledger/openRejects.ts'
import { asInFile, fieldColumns } from '../load/lanes.ts'
import { correctTrimmed } from '../publish/trimmed.ts'

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
}

/** Sends rejects through COPY as the records that they are, each with the layout of its unit. */
export async function reload(
  tx: Connection,
  { ingestId, table, columns }: Into,
  page: readonly Attempted[],
): Promise<Reloaded> {
  const unitNos = [...new Set(page.map(({ reject }) => reject.unitNo))]
  const layouts = await readLayouts(tx, ingestId, unitNos)
  const refused: RefusedAgain[] = []
  const loaded: Attempted[] = []
  for (const { layout, attempts } of byLayout(page, layouts)) {
    const again = await copyGroup(tx, { table, columns }, { layout, attempts })
    for (const each of again) refused.push(each)
    const bad = new Set(again.map(({ reject }) => reject))
    for (const attempt of attempts) if (!bad.has(attempt.reject)) loaded.push(attempt)
  }
  const moved = loaded.map(({ reject: { unitNo }, raw }) => {
    const { dialect, columns: fields } = layouts.get(unitNo) as UnitLayout
    return { unitNo, raw, dialect, fields }
  })
  await correctTrimmed(tx, ingestId, moved, 1)
  return { loaded: loaded.map(({ reject }) => reject), refused }
}

interface Group {
  layout: UnitLayout
  attempts: readonly Attempted[]
}

/** @returns those that are refused; the others are in the table */
async function copyGroup(
  tx: Connection,
  { table, columns }: Omit<Into, 'ingestId'>,
  { layout, attempts }: Group,
): Promise<RefusedAgain[]> {
  const { dialect, columns: fields } = layout
  const types = fieldColumns(fields, columns)
  const refused: RefusedAgain[] = []
  const sound: Attempted[] = []
  const parts: Buffer[] = []
  for (const attempt of attempts) {
    const found = oneRecord(attempt, layout, types)
    if ('error' in found) refused.push({ ...attempt, column: null, ...found })
    else {
      sound.push(attempt)
      parts.push(found.bytes)
    }
  }
  let end = 0
  const records = { bytes: Buffer.concat(parts), ends: parts.map(({ length }) => (end += length)) }
  await changeDateOrder(tx, dialect)
  for (const each of await copyEach(tx, { table, columns, fields }, records)) {
    const { index, code, ...why } = each
    const reject = { ...(sound[index] as Attempted), ...why, code: code ?? invalidValue }
    refused.push(asInFile(reject, dialect, types))
  }
  return refused
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

/** Codes of records that are not kept whole: what is left of one must not pass for it. */
const cutCodes = new Set(['record_too_long', 'quote_not_closed'])

/** The record that the bytes are, as COPY is given it, or what is wrong with them. */
function oneRecord(
  { reject, raw }: Attempted,
  { dialect }: UnitLayout,
  types: readonly Column[],
): { bytes: Buffer } | { code: string; error: string } {
  if (cutCodes.has(reject.code) && raw.equals(reject.raw)) {
    return { code: reject.code, error: reject.error }
  }
  const writer = new Rewriter(raw, dialect, types)
  const blankIsRecord = types.length === 1
  const options = { recordBytesMax, lines: reject.line - 1, blankIsRecord, writer }
  const { lines, broken } = triage(raw, dialect, options)
  if (lines.length === 1 && broken.length === 0) {
    return { bytes: writer.bytes.subarray(0, writer.ends[0]) }
  }
  // A quote that never closes hides what is behind its line.
  if (broken.length === 1 && lines.length === 0 && broken[0]) return broken[0]
  const open = broken.find(({ code }) => code === 'quote_not_closed')
  return open ?? rejectReason('not_one_record', { count: lines.length + broken.length })
}
