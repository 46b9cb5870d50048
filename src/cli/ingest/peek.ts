/** What an ingest would make of its first file: dialect, columns, types, target. Loads nothing. */
import { open } from 'node:fs/promises'
import { checkSpec } from '../../api/ingests/checkSpec.ts'
import { recordsOf, shapeOf, valuesOf } from '../../csv/records.ts'
import { addSample } from '../../csv/sample.ts'
import { bom } from '../../csv/scan.ts'
import { sniff } from '../../csv/sniff.ts'
import { type Column, candidateTypes } from '../../domain/columns.ts'
import { type FileHeader, matchHeader, newColumns } from '../../domain/match.ts'
import type { FullSpec, FullTarget, IngestSpec } from '../../domain/spec.ts'
import { showTable, type TableName } from '../../domain/table.ts'
import type { Dialect } from '../../domain/words.ts'
import { messageOf, sluiceError } from '../../errors.ts'
import { openDb, transaction } from '../../postgres/db.ts'
import { readTarget } from '../../postgres/target.ts'
import { judgeTypes } from '../../postgres/types.ts'

/** As much as the list verb looks at. */
const headBytes = 1 << 20
const recordsMax = 1000

export interface Peek {
  file: string
  dialect: Dialect
  header: string[] | null
  /** The columns that the fields would go to, in their order. */
  columns: Column[]
  /** Who says what the types are: the table, PostgreSQL after a look at the sample, or nobody. */
  typesFrom: 'target' | 'postgres' | 'guess'
  target: string
  /** Whether the target is there already; null when no database could be asked. */
  exists: boolean | null
  /** Why the ingest would fail, as far as one can see from here. */
  problem: string | null
  /** The first data records, field by field. */
  records: (string | null)[][]
  sampled: number
  /** Records of the sample with another number of fields. */
  odd: number
}

/** @throws spec_invalid, dialect_invalid, not_csv */
export async function peek(
  file: string,
  spec: Omit<IngestSpec, 'source'>,
  databaseUrl: string | null,
): Promise<Peek> {
  const { full, table } = checkSpec({ ...spec, source: { kind: 'directory', path: file } })
  if (!full.target || !table || full.steps) {
    const problem = 'a dry run shows how a file is loaded: it needs a target, and no steps'
    throw sluiceError('spec_invalid', { problem })
  }
  const into = full.target
  const { dialect, records } = await readHead(file, full.format)
  const first = records[0] ?? Buffer.alloc(0)
  const width = shapeOf(first, dialect).fields
  const header = dialect.header ? valuesOf(first, dialect).map((name) => name ?? '') : null
  const data = dialect.header ? records.slice(1) : records
  const samples = Array.from({ length: width }, (): string[] => [])
  for (const record of data) addSample(samples, record, dialect, false)
  const found = await findColumns({ file, header, width }, samples, { into, table, databaseUrl })
  return {
    file,
    dialect,
    header,
    ...found,
    target: showTable(table),
    records: data.slice(0, 5).map((record) => valuesOf(record, dialect)),
    sampled: data.length,
    odd: data.filter((record) => shapeOf(record, dialect).fields !== width).length,
  }
}

async function readHead(file: string, format: FullSpec['format']) {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    const whole = bytesRead >= (await handle.stat()).size
    const head = buffer.subarray(0, bytesRead)
    const dialect = sniff(head, format, file, whole)
    const text = head.subarray(0, bom.length).equals(bom) ? head.subarray(bom.length) : head
    const records: Buffer[] = []
    for (const span of recordsOf(text, dialect)) {
      const isCut = span.next >= text.length && !whole
      if (isCut || records.length > recordsMax) break
      if (!span.blank) records.push(text.subarray(span.start, span.end))
    }
    return { dialect, records }
  } finally {
    await handle.close()
  }
}

interface Aim {
  into: FullTarget
  table: TableName
  databaseUrl: string | null
}

type Columns = Pick<Peek, 'columns' | 'typesFrom' | 'exists' | 'problem'>

async function findColumns(
  header: FileHeader,
  samples: string[][],
  { into, table, databaseUrl }: Aim,
): Promise<Columns> {
  const names = newColumns(header)
  const guess = names.map((name, at) => ({ name, type: guessType(into, samples[at] ?? []) }))
  const guessed = { columns: guess, typesFrom: 'guess' as const, exists: null, problem: null }
  if (databaseUrl === null) return guessed
  const db = openDb(databaseUrl, { max: 1, name: 'sluice dry run' })
  try {
    return await transaction(db, async (tx): Promise<Columns> => {
      const target = await readTarget(tx, table, into.mode)
      if (!target) {
        const types = into.types === 'text' ? guess : await judgeTypes(tx, names, samples)
        return { columns: types, typesFrom: 'postgres', exists: false, problem: null }
      }
      const types = new Map(target.columns.map(({ name, type }) => [name, type]))
      const fields = matchHeader(header, { name: showTable(table), columns: target.columns })
      const columns = fields.map((name) => ({ name, type: types.get(name) ?? '' }))
      return { columns, typesFrom: 'target', exists: true, problem: null }
    })
  } catch (error) {
    return { ...guessed, problem: messageOf(error) }
  } finally {
    await db.end()
  }
}

const guessType = ({ types }: FullTarget, values: string[]): string =>
  types === 'text' ? 'text' : (candidateTypes(values)[0] ?? 'text')
