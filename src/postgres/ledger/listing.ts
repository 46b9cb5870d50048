/**
 * What a source finds, put in order: by place, then by the bytes of the name in UTF-8, which is the
 * same on every machine. A long list lies in a temporary table, never in memory.
 */
import type { ListedFile } from '../../domain/words.ts'
import type { Connection } from '../db.ts'

export interface PlacedFile extends ListedFile {
  place: number
}

const pageFiles = 1000

/** The files in order, in pages; one that was found twice is there once. */
export async function* inOrder(
  tx: Connection,
  files: AsyncIterable<PlacedFile>,
): AsyncGenerator<ListedFile[]> {
  let page: PlacedFile[] = []
  let isLong = false
  for await (const file of files) {
    page.push(file)
    if (page.length < pageFiles) continue
    if (!isLong) await createListing(tx)
    isLong = true
    await addListing(tx, page)
    page = []
  }
  if (!isLong) {
    if (page.length > 0) yield sorted(page)
    return
  }
  await addListing(tx, page)
  yield* readListing(tx)
}

function sorted(files: PlacedFile[]): ListedFile[] {
  const keyed = files.map((file) => ({ file, key: Buffer.from(file.name) }))
  keyed.sort(
    (a, b) =>
      a.file.place - b.file.place ||
      Buffer.compare(a.key, b.key) ||
      Buffer.compare(Buffer.from(a.file.version), Buffer.from(b.file.version)),
  )
  return keyed
    .map(({ file }) => file)
    .filter(({ name, version, place }, at, all) => {
      const before = all[at - 1]
      return before?.name !== name || before.version !== version || before.place !== place
    })
}

const createListing = (tx: Connection) =>
  tx.query(
    `create temporary table sluice_listing (
       place bigint, name text collate "C", version text collate "C", size_bytes bigint, member text
     ) on commit drop`,
  )

async function addListing(tx: Connection, files: PlacedFile[]): Promise<void> {
  await tx.query(
    `insert into pg_temp.sluice_listing (place, name, version, size_bytes, member)
     select * from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[])`,
    [
      files.map((file) => file.place),
      files.map((file) => file.name),
      files.map((file) => file.version),
      files.map((file) => file.sizeBytes),
      files.map((file) => file.member ?? null),
    ],
  )
}

async function* readListing(tx: Connection): AsyncGenerator<ListedFile[]> {
  await tx.query(
    `declare sluice_listed no scroll cursor for
     select distinct on (place, name, version)
            name, size_bytes as "sizeBytes", version, member
     from pg_temp.sluice_listing order by place, name, version`,
  )
  while (true) {
    const { rows } = await tx.query<ListedFile>(`fetch ${pageFiles} from sluice_listed`)
    if (rows.length === 0) break
    yield rows
  }
  await tx.query('close sluice_listed')
}
