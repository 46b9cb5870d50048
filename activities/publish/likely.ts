/** Tells what the rejects of an ingest likely come from, and which flag mends it. */
import { grouped } from '../../src/domain/grouped.ts'
import { likelyAdvice, placesIn } from '../../src/domain/likely.ts'
import { isFooter } from '../../src/domain/oddRows.ts'
import type { Given, Rejected } from '../../src/domain/rejected.ts'
import { noteOf } from '../../src/errors/notes.ts'
import { readerOf } from '../../src/formats/index.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { areAllFiles, readFrames } from '../../src/postgres/ledger/files.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { addNotes, dropNotes } from '../../src/postgres/ledger/notes.ts'
import {
  firstReject,
  type SampledReject,
  sampleRejects,
} from '../../src/postgres/ledger/rejects.ts'
import { optionsLacking } from '../../src/spec/format.ts'

/** Names the flag that may mend what is still rejected. After a retry the note is made anew. */
export async function noteLikely(
  tx: Connection,
  ingestId: string,
  entry: Said,
  count: number,
): Promise<void> {
  await dropNotes(tx, ingestId, 'rejects_likely')
  if (count === 0) return
  const likely = likelyAdvice(await rejectedIn(tx, ingestId), saidIn(entry))
  if (likely === null) return
  const rows = count === 1 ? '1 row was' : `${count} rows were`
  const first = await firstReject(tx, ingestId)
  await addNotes(tx, ingestId, [noteOf('rejects_likely', { rows, first, likely, count })])
}

/** What a spec says of how files are read and of the table, and what their format does not have. */
export const saidIn = ({ spec: { format, target }, reading }: Said): Given => ({
  ...(reading && optionsLacking(reading)),
  ...format,
  ...target,
})

type Said = Pick<IngestEntry, 'spec' | 'reading'>

/** The first rejects, with what is known of their files. */
export async function rejectedIn(tx: Connection, ingestId: string): Promise<Rejected[]> {
  const byFile = grouped(await sampleRejects(tx, ingestId), ({ fileNo }) => fileNo)
  const frames = await readFrames(tx, ingestId, [...byFile.keys()])
  const rejected = [...byFile].flatMap(([fileNo, found]) => {
    const frame = frames.get(fileNo)
    if (!frame) return found.map(unplaced)
    const places = placesIn(found, frame)
    const reader = readerOf(frame.reading, [])
    return found.map((reject, at) => ({
      ...unplaced(reject),
      values: reader.values(Buffer.from(reject.raw)),
      header: frame.header,
      ...places[at],
      fileNo,
    }))
  })
  const withFooter = rejected.filter(({ fromEnd, values }) => fromEnd !== null && isFooter(values))
  const files = [...new Set(withFooter.map(({ fileNo }) => fileNo))]
  if (files.length > 0 && (await areAllFiles(tx, ingestId, files))) return rejected
  // What leaves out the last records does so in all files.
  return rejected.map((reject) => ({ ...reject, fromEnd: null }))
}

/** A reject as it is: of a file without records nothing else is known. */
const unplaced = ({ code, column, error, raw, fileNo, line }: SampledReject) => ({
  line,
  code,
  column,
  error,
  raw,
  fileNo,
  values: [raw] as readonly (string | null)[],
  header: null as readonly string[] | null,
  isFirst: false,
  fromEnd: null as number | null,
})
