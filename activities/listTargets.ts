/** listTargets: source → an ingest for each target of several, with the files that go there. */
import { LeftOut } from '../src/domain/leftOut.ts'
import { partId, TargetSorter } from '../src/domain/severalTargets.ts'
import { showTable } from '../src/domain/table.ts'
import { plainNames } from '../src/domain/upload.ts'
import type { ListedFile } from '../src/domain/words.ts'
import { noteOf } from '../src/errors/notes.ts'
import type { Connection } from '../src/postgres/db.ts'
import { addFiles } from '../src/postgres/ledger/files.ts'
import { recordListed } from '../src/postgres/ledger/firstTable.ts'
import { enterPhase, type IngestEntry, mustBeActive } from '../src/postgres/ledger/ingests.ts'
import { addNotes } from '../src/postgres/ledger/notes.ts'
import { enterPart, listParts, recordPartsListed } from '../src/postgres/ledger/parts.ts'
import type { Source } from '../src/sources/source.ts'
import { isTogether, partSpec } from '../src/spec/parts.ts'
import type { FullRule } from '../src/spec/several.ts'
import type { FullSpec } from '../src/spec/spec.ts'
import { type Attempt, mustNotBePaused } from './attempt/attempt.ts'
import { underLock } from './attempt/underLock.ts'
import { sourceOf } from './deps.ts'
import { dataFiles, mustHaveFiles } from './list/dataFiles.ts'
import { lookAtFiles, lookAtTarget } from './list/firstLook.ts'
import { ListedFiles } from './list/listedFiles.ts'
import type { ListInput } from './list.ts'

export interface ListedTargets {
  /** They are published in one transaction. */
  together: boolean
  targets: { ingestId: string; table: string }[]
}

/**
 * Lists the source once, and enters an ingest for each target that gets files of it, with its part of the
 * list: a later attempt finds them.
 */
export async function listTargets(attempt: Attempt, input: ListInput): Promise<ListedTargets> {
  const { db } = attempt
  const { ingestId, lotBytesMax } = input
  await enterPhase(db, ingestId, 'list')
  return underLock(attempt, { ingestId, what: 'list' }, async (tx, entry) => {
    mustBeActive(ingestId, entry)
    if (entry.sizeBytes === null) {
      mustNotBePaused(input, entry.state)
      await listInto(attempt, tx, { ingestId, entry, lotBytesMax })
    }
    const parts = await listParts(tx, ingestId)
    const targets = parts.map(({ ingestId: id, target }) => ({ ingestId: id, table: target }))
    return { together: isTogether(entry.spec), targets }
  })
}

interface Listing {
  ingestId: string
  entry: IngestEntry
  lotBytesMax?: number | undefined
}

async function listInto(attempt: Attempt, tx: Connection, listing: Listing): Promise<void> {
  const { signal } = attempt
  const { ingestId, entry } = listing
  const { spec } = entry
  const source = sourceOf(attempt, ingestId, spec)
  const leftOut = new LeftOut()
  const sorting = new Sorting(tx, { ...listing, source, leftOut })
  for await (const page of dataFiles(tx, { spec, source, signal, leftOut })) {
    await sorting.add(page)
  }
  const parts = [...sorting.parts.values()]
  const sums = parts.map(({ all }) => all.sums)
  const files = sums.reduce((sum, each) => sum + each.files, 0)
  const sizeBytes = sums.reduce((sum, each) => sum + each.sizeBytes, 0)
  mustHaveFiles(spec, { files }, leftOut)
  for (const part of parts) await lookAt(attempt, tx, { ...part, source })
  await recordPartsListed(tx, ingestId, { files, sizeBytes })
  const notes = sorting.targets.idle.map(({ match, table }) =>
    noteOf('target_without_files', { subject: match, match, table }),
  )
  await addNotes(tx, ingestId, [...leftOut.notes, ...notes])
}

interface From {
  source: Source
  leftOut: LeftOut
}

interface Part {
  ingestId: string
  spec: FullSpec
  all: ListedFiles
}

/** The first look of the list of an ingest, at the target and at the files of one part. */
async function lookAt(
  attempt: Attempt,
  tx: Connection,
  { ingestId, spec, all, source }: Part & { source: Source },
): Promise<void> {
  const target = await lookAtTarget(tx, spec)
  const { candidates, sums } = all
  const looking = { ingestId, spec, source, target, candidates }
  const { first, notes } = await lookAtFiles(attempt, looking)
  const { files, sizeBytes, fingerprint } = sums
  await recordListed(tx, ingestId, { files, sizeBytes, fingerprint, first })
  await addNotes(tx, ingestId, notes)
}

/** Sorts files by their targets, and enters each target with its first file. */
class Sorting {
  /** By the table. */
  readonly parts = new Map<string, Part>()
  readonly targets: TargetSorter<FullRule>
  readonly #tx: Connection
  readonly #listing: Listing & From
  readonly #plain: (name: string) => string

  constructor(tx: Connection, listing: Listing & From) {
    this.#tx = tx
    this.#listing = listing
    const { targets = [], unmatched, source } = listing.entry.spec
    this.targets = new TargetSorter(targets, { mayLeaveOut: unmatched === 'skip' })
    this.#plain = plainNames(listing.ingestId, 'uploads' in source ? source.uploads : [])
  }

  async add(page: readonly ListedFile[]): Promise<void> {
    const byPart = new Map<Part, ListedFile[]>()
    for (const file of page) {
      const part = await this.#partOf(file)
      if (part === null) this.#listing.leftOut.addWithoutTarget(file.name)
      else byPart.set(part, [...(byPart.get(part) ?? []), file])
    }
    for (const [{ ingestId, all }, files] of byPart) {
      await addFiles(this.#tx, ingestId, await all.add(files))
    }
  }

  async #partOf({ name }: ListedFile): Promise<Part | null> {
    const target = this.targets.targetOf(this.#plain(name))
    if (target === null) return null
    const table = showTable(target.table)
    const part = this.parts.get(table) ?? (await this.#enter(target.rule, table))
    this.parts.set(table, part)
    return part
  }

  async #enter(rule: FullRule, target: string): Promise<Part> {
    const { ingestId: partOf, entry, source, lotBytesMax } = this.#listing
    const targetNo = this.parts.size + 1
    const ingestId = partId(partOf, targetNo)
    const spec = partSpec(entry.spec, rule, target)
    const { match } = rule
    await enterPart(this.#tx, { ingestId, partOf, targetNo, match, spec, target })
    return { ingestId, spec, all: new ListedFiles(source, lotBytesMax) }
  }
}
