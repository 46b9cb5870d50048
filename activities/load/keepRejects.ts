/** Rejects go into the ledger as people read and correct them. */
import type { Reject, UnitRef } from '../../src/domain/words.ts'
import { forPeople } from '../../src/formats/forPeople.ts'
import type { Reader } from '../../src/formats/reader.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { keepRejects } from '../../src/postgres/ledger/rejects.ts'
import type { UnitBytes } from '../../src/stage/unitBytes.ts'

/** What the records of a unit are read with. */
export interface UnitReader {
  reader: Reader
  bytes: UnitBytes
}

export const keepReadable = (
  tx: Connection,
  ref: UnitRef,
  rejects: readonly Reject[],
  { reader, bytes }: UnitReader,
): Promise<void> =>
  keepRejects(tx, ref, forPeople(rejects, reader), (fileNo) => bytes.nameOf(fileNo))
