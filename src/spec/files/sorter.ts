/** Which files of an ingest are loaded, and where their fields go; what is left out is told. */
import type { ColumnValues } from '../../domain/columnValues.ts'
import { HeadNotes } from '../../domain/headNotes.ts'
import type { Layout } from '../../domain/layout.ts'
import { LeftOut } from '../../domain/leftOut.ts'
import { recordNotes } from '../../domain/recordNotes.ts'
import { SomeNames } from '../../domain/someNames.ts'
import type { FileShape, ListedFile, Reading } from '../../domain/words.ts'
import { type Note, noteOf } from '../../errors/notes.ts'
import { SluiceError, sluiceError } from '../../errors.ts'
import { factsOf } from '../../formats/constants.ts'
import { formatOf } from '../../formats/index.ts'
import { layoutFields, mappedFor, type Placed, placedIn } from './mapped.ts'
import type { Known } from './reading.ts'
import { unlikeAdvice } from './unlike.ts'

type SizedFile = Pick<ListedFile, 'name' | 'sizeBytes'>

/** Adds what the values of a file are, and those that are not in it. */
export function addValues(
  values: ColumnValues,
  { fileNo, shape }: { fileNo: number; shape: FileShape },
  { columns, constants }: Placed,
): void {
  const { reading, types, cuts } = shape
  const terms = formatOf(reading).terms(reading)
  values.add({ fileNo, ...(types && { types }) }, terms, columns)
  const beside = constants.map(({ column }) => column)
  const records = cuts.at(-1)?.records ?? 0
  if (records > 0) values.add({ fileNo, types: factsOf(constants, records) }, terms, beside)
}

const namesMax = 100

/** A file of another kind, and not a fault of a file of this kind. */
const unlike = ['file_unknown', 'file_without_header']

export class FileSorter {
  readonly #layout: Layout
  readonly #entry: Known & { ingestId?: string }
  readonly #leftOut = new LeftOut()
  readonly #skipped = new SomeNames()
  readonly #withoutRecords = new SomeNames()
  readonly #byPosition = new SomeNames()
  readonly #otherwise = new SomeNames()
  readonly #flags = new Set<string>()
  readonly #renamed = new SomeNames()
  /** What of the spec's mapping is about some file, and what was left out by it. */
  readonly #mapped = new Set<string>()
  readonly #dropped = new Map<string, number>()
  /** The first names of fields. */
  readonly #seen: string[] = []
  readonly #heads = new HeadNotes()
  #taken = 0
  #firstSkipped: SluiceError | null = null

  /** @param entry its id is a value of the column `_ingest` */
  constructor(layout: Layout, entry: Known & { ingestId?: string }) {
    this.#layout = layout
    this.#entry = entry
    const { firstTable } = entry
    // What sorts before it must not give a new table its columns.
    if (firstTable && !layout.columns) {
      this.#columnsOf(firstTable.name, firstTable)
    }
  }

  /**
   * @returns null for a file without records, or one that is left out
   * @throws file_unknown, file_without_header, column_unknown, column_missing, path_parts_differ and
   *   the like
   */
  columnsOf(file: SizedFile, shape: FileShape): Placed | null {
    const { name } = file
    if (shape.leftOut !== undefined) {
      this.#leftOut.add(shape.leftOut, name)
      return null
    }
    if (shape.width === 0) {
      const count = recordsIn(shape)
      if (count > 0) throw sluiceError('file_without_columns', { file: name, count })
      this.read(file, shape)
      return null
    }
    try {
      const columns = this.#match(name, shape)
      this.#taken++
      this.#compare(name, shape.reading)
      this.#heads.add(name, [...(shape.notes ?? []), ...recordNotes(name, shape)])
      return columns
    } catch (error) {
      const isUnlike = error instanceof SluiceError && unlike.includes(error.code)
      if (!isUnlike || this.#entry.spec.format.unknownFiles !== 'skip') throw error
      this.#firstSkipped ??= error
      this.#skipped.add(name)
      return null
    }
  }

  /** Takes the shape of a file that was read to its end. */
  read({ name, sizeBytes }: SizedFile, shape: FileShape): void {
    if (sizeBytes > 0 && recordsIn(shape) === 0) this.#withoutRecords.add(name)
  }

  #match(file: string, shape: FileShape): Placed {
    const { header, width } = shape
    const { firstTable, spec } = this.#entry
    const isUnlike = header === null && firstTable?.header && spec.format.header === undefined
    if (!isUnlike) return this.#columnsOf(file, shape)
    const { name: first, header: names } = firstTable as { name: string; header: string[] }
    const isFitting = width === names.length && spec.format.unknownFiles === 'position'
    if (!isFitting) {
      const columns = names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : '')
      const advice = unlikeAdvice(spec.format, 'To take its fields in this order')
      throw sluiceError('file_without_header', { file, first, columns, advice })
    }
    this.#byPosition.add(file)
    return this.#columnsOf(file, { header: names, width })
  }

  get #keepsNames(): boolean {
    return this.#entry.spec.target?.names === 'as-is'
  }

  #columnsOf(file: string, fields: Pick<FileShape, 'header' | 'width' | 'sparse'>): Placed {
    const layout = this.#layout
    const before = layout.columns?.length ?? 0
    const { firstTable, spec, ingestId = '' } = this.#entry
    const first = firstTable?.name ?? file
    const mapped = mappedFor(spec, { file, ...fields }, { first, ingestId })
    const { header, dropped } = mapped
    const columns = layout.of(file, layoutFields(mapped))
    const made = new Set(layout.columns?.slice(before).map(({ name }) => name))
    const beside = mapped.beside.map(({ column }) => column)
    if (header) this.#tellRenamed([...header, ...beside], columns, made)
    for (const name of mapped.used) this.#mapped.add(name)
    for (const name of dropped.values()) this.#dropped.set(name, (this.#dropped.get(name) ?? 0) + 1)
    for (const name of fields.header ?? []) if (this.#seen.length < namesMax) this.#seen.push(name)
    return placedIn(columns, mapped)
  }

  /** @param made the columns that are new with this file */
  #tellRenamed(
    header: readonly string[],
    columns: readonly string[],
    made: ReadonlySet<string>,
  ): void {
    for (const [at, name] of columns.entries()) {
      const written = header[at] ?? ''
      // A field without a name gets one: nothing was changed, unless names are to stay.
      if (written.trim() === '' && !this.#keepsNames) continue
      if (!made.has(name) || written === name) continue
      this.#renamed.add(`${JSON.stringify(written.slice(0, 80))} is ${name}`)
    }
  }

  /** Tells in what it is written otherwise than the first table. */
  #compare(name: string, reading: Reading): void {
    const { reading: first, firstTable } = this.#entry
    if (!first || !firstTable) return
    const differences = formatOf(reading).differences(reading, first)
    if (differences.length === 0) return
    this.#otherwise.add(name, ` (${differences.map(({ shown }) => shown).join(', ')})`)
    for (const { flag } of differences) this.#flags.add(flag)
  }

  /**
   * What has to be told of the files.
   * @throws files_mostly_skipped, source_left_out, mapped_field_unknown
   */
  notes(path: string): Note[] {
    const { count: left, shown: files } = this.#leftOut
    if (left > 0 && this.#taken === 0 && this.#skipped.count === 0) {
      throw sluiceError('source_left_out', { path, files })
    }
    if (this.#skipped.count > this.#taken) {
      const { count, shown } = this.#skipped
      const options = { cause: this.#firstSkipped }
      throw sluiceError('files_mostly_skipped', { count, files: shown }, options)
    }
    this.#mustBeMapped()
    return [
      ...this.#leftOut.notes,
      ...notesOf('files_skipped', this.#skipped),
      ...notesOf('files_without_records', this.#withoutRecords),
      ...notesOf('files_by_position', this.#byPosition),
      ...this.#otherwiseNotes(),
      ...this.#renamedNotes(),
      ...this.#droppedNotes(),
      ...this.#heads.notes,
    ]
  }

  #otherwiseNotes(): Note[] {
    const { count, shown: some } = this.#otherwise
    const flags = [...this.#flags].join(', ')
    return count === 0 ? [] : [noteOf('files_otherwise', { count, some, flags })]
  }

  #mustBeMapped(): void {
    const { rename = {}, drop = [] } = this.#entry.spec.target ?? {}
    const missing = [...Object.keys(rename), ...drop].filter((name) => !this.#mapped.has(name))
    if (missing.length === 0 || this.#taken === 0) return
    const [fields, known] = [missing, [...new Set(this.#seen)]].map(
      (names) => names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : ''),
    )
    throw sluiceError('mapped_field_unknown', { fields: fields ?? '', known: known ?? '' })
  }

  #droppedNotes(): Note[] {
    if (this.#dropped.size === 0) return []
    const some = new SomeNames()
    for (const name of this.#dropped.keys()) some.add(JSON.stringify(name.slice(0, 80)))
    return [noteOf('fields_dropped', { count: some.count, some: some.shown })]
  }

  #renamedNotes(): Note[] {
    const { count, shown: some } = this.#renamed
    const advice = this.#keepsNames
      ? 'Empty names, names that come twice and those of system columns cannot stay as they are.'
      : 'To keep the names as they are written, say `--names as-is`.'
    return count === 0 ? [] : [noteOf('names_changed', { count, some, advice })]
  }
}

function recordsIn({ cuts, flaws }: FileShape): number {
  const { records = 0, broken = 0 } = cuts.at(-1) ?? {}
  return records + broken + flaws.length
}

type SomeCode = 'files_skipped' | 'files_without_records' | 'files_by_position'

const notesOf = (code: SomeCode, { count, shown: some }: SomeNames): Note[] =>
  count === 0 ? [] : [noteOf(code, { count, some })]
