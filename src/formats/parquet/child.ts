/**
 * A process that reads one Parquet file with DuckDB, and writes its rows to its output: first a line
 * of JSON with the columns, then a line of COPY text for each row, in the order of the file.
 *
 * DuckDB is native code that reads bytes of strangers. A process of its own can be killed, may die,
 * and sees that one file only. An error is a line of JSON on the error output.
 */
import { writeSync } from 'node:fs'
import { headLine } from '../../domain/unfolded.ts'
import { noteOf } from '../../errors/notes.ts'
import { cutIn, fieldOf, typeOf } from './columns.ts'
import type { ChildEnd, ChildFailure, ChildOrder } from './unfold.ts'

type Instance = Awaited<ReturnType<typeof open>>

/** Whoever started this process is gone when its input ends. */
process.stdin.on('end', () => process.exit(1)).resume()

async function open({ path, memoryBytes }: ChildOrder) {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', {
    // With more of them the memory is no longer bounded by the limit.
    threads: '1',
    memory_limit: `${memoryBytes}B`,
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const db = await instance.connect()
  await db.run(`set allowed_paths = [${[path, output].map(literal).join(', ')}]`)
  for (const setting of ["TimeZone = 'UTC'", 'enable_external_access = false'])
    await db.run(`set ${setting}`)
  await db.run('set lock_configuration = true')
  return db
}

const output = '/dev/stdout'
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

async function rowsOf<Row>(db: Instance, sql: string): Promise<Row[]> {
  return (await db.runAndReadAll(sql)).getRowObjectsJson() as Row[]
}

interface Column {
  /** As DuckDB calls it, which gives a name that comes again another one. */
  alias: string
  /** As the file calls it. */
  name: string
  type: string
  /** Its part of the file's schema: itself, and what it consists of. */
  elements: Element[]
}

/** What `parquet_schema` says of one. */
interface Element {
  name: string
  type: string | null
  num_children: string | null
  logical_type: string | null
  precision: string | null
  scale: string | null
}

async function columnsOf(db: Instance, file: string, path: string): Promise<Column[]> {
  const described = await rowsOf<{ column_name: string; column_type: string }>(
    db,
    `describe select * from ${file}`,
  )
  const schema = await rowsOf<Element>(db, `select * from parquet_schema(${literal(path)})`)
  const trees = treesOf(schema)
  return described.map(({ column_name: alias, column_type: type }, at) => {
    const elements = trees[at] ?? []
    return { alias, type, name: elements[0]?.name ?? alias, elements }
  })
}

/** The columns of a schema, which is listed depth first behind its root. */
function treesOf(schema: Element[]): Element[][] {
  const trees: Element[][] = []
  for (let at = 1; at < schema.length; ) {
    const start = at
    for (let left = 1; left > 0 && at < schema.length; at++) {
      left += Number(schema[at]?.num_children ?? 0) - 1
    }
    trees.push(schema.slice(start, at))
  }
  return trees
}

/** @throws Lossy */
async function headOf(
  db: Instance,
  { from, columns, file }: { from: string; columns: Column[]; file: string },
): Promise<string> {
  for (const { name, elements } of columns) {
    const lossy = elements.find(isTooPrecise)
    if (lossy) throw new Lossy({ column: name, type: `decimal(${lossy.precision},${lossy.scale})` })
  }
  const counts = await cutsOf(db, from, columns)
  const notes = columns.flatMap(({ alias, name: column, elements }) => {
    const count = counts.get(alias) ?? 0
    if (elements.some(isCut)) return [noteOf('nanoseconds_unseen', { file, column })]
    return count > 0 ? [noteOf('nanoseconds_cut', { file, column, count })] : []
  })
  const found = columns.map(({ name, type, elements }) => ({
    name,
    type: elements[0]?.logical_type === 'NullType()' ? 'text' : typeOf(type),
  }))
  return headLine(found, notes)
}

/** How many values lose nanoseconds, by column. */
async function cutsOf(db: Instance, from: string, columns: Column[]): Promise<Map<string, number>> {
  const fine = columns.flatMap(({ alias, type }) => {
    const count = cutIn(alias, type)
    return count === null ? [] : [{ alias, count }]
  })
  if (fine.length === 0) return new Map()
  const select = `select ${fine.map(({ count }) => count).join(', ')} from ${from}`
  const [counts = {}] = await rowsOf<object>(db, select)
  const values = Object.values(counts)
  return new Map(fine.map(({ alias }, at) => [alias, Number(values[at])]))
}

/** A column whose values would lose digits. */
class Lossy extends Error {
  readonly lossy: { column: string; type: string }

  constructor(lossy: Lossy['lossy']) {
    super('its values would lose digits')
    this.lossy = lossy
  }
}

/** DuckDB cuts the nanoseconds of these while it reads, and does not say whether there were any. */
const isCut = ({ type, logical_type: logical }: Element): boolean =>
  type === 'INT96' || /isAdjustedToUTC=1.*NANOS=Nano/.test(logical ?? '')

/** DuckDB reads more than 38 digits as a double. */
const isTooPrecise = ({ precision }: Element): boolean => Number(precision ?? 0) > 38

async function run(order: ChildOrder): Promise<void> {
  const { path, file } = order
  const db = await open(order)
  const from = `read_parquet(${literal(path)}, hive_partitioning = false, union_by_name = false)`
  const columns = await columnsOf(db, from, path)
  writeAll(await headOf(db, { from, columns, file }))
  const fields = columns.map(({ alias, type }) => fieldOf(alias, type))
  const line = `concat_ws(chr(9), ${fields.join(', ')})`
  const form = "format csv, header false, quote '', escape '', delimiter '\x01'"
  await db.run(`copy (select ${line} from ${from}) to '${output}' (${form})`)
}

function writeAll(text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at)
}

const say = (end: ChildEnd) => writeSync(2, `\n${JSON.stringify(end)}\n`)

async function answer(order: ChildOrder): Promise<void> {
  try {
    await run(order)
    say({ done: true })
    process.exit(0)
  } catch (error) {
    const { message, code, lossy } = error as Error & ChildFailure
    say({ message, ...(code && { code }), ...(lossy && { lossy }) })
    process.exit(1)
  }
}

void answer(JSON.parse(process.argv[2] as string))
