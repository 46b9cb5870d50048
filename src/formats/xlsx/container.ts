/** A workbook: an archive whose sheets are tables. */

import type { UnpackLimits } from '../../domain/unpack.ts'
import { messageOf, sluiceError } from '../../errors.ts'
import type { Archive } from '../../unpack/archive.ts'
import type { Container, Table } from '../../unpack/container.ts'
import { checkSize } from '../../unpack/limits.ts'
import { type Area, areaOf } from './cellRef.ts'
import { WorkbookFault } from './fault.ts'
import type { XlsxOptions } from './options.ts'
import { RichText, unescapedText } from './richText.ts'
import type { Shared } from './sheet.ts'
import { Strings } from './strings.ts'
import { readStyles } from './styles.ts'
import { unfold } from './unfold.ts'
import { readWorkbook, type Sheet, type Workbook } from './workbook.ts'
import { readXml } from './xml.ts'

export const extensions = ['xlsx', 'xlsm']

export function workbooks(options: XlsxOptions, limits: UnpackLimits): Container {
  const area = options.range === undefined ? null : areaOf(options.range)
  return {
    kind: 'xlsx',
    extensions,
    marks: ['[Content_Types].xml', 'xl/workbook.xml'],
    async tables(archive) {
      const workbook = await orDamaged(archive.file, () => readWorkbook(archive))
      const tables = sheetsIn(archive, workbook, options).map((sheet) => tableOf(archive, sheet))
      // Each sheet is read by itself, and the texts that all of them share with each.
      const strings = workbook.strings === null ? 0 : archive.sizeOf(workbook.strings)
      const bytes = tables.reduce((sum, { sizeBytes }) => sum + sizeBytes + strings, 0)
      checkSize(archive.file, bytes, limits)
      return tables
    },
    unfold: (archive, table, signal) => sheetOf(archive, table, { area, limits, signal }),
  }
}

const tableOf = (archive: Archive, { name, part }: Sheet): Table => ({
  name,
  sizeBytes: part === null ? 0 : archive.sizeOf(part),
  ...(part === null && { leftOut: 'a sheet without cells' }),
})

/** All of them, or the one that is asked for, by its name or else its number. @throws sheet_unknown */
function sheetsIn({ file }: Archive, { sheets }: Workbook, { sheet }: XlsxOptions): Sheet[] {
  if (sheet === undefined) return sheets
  const found =
    sheets.find(({ name }) => name === sheet) ??
    sheets.find(({ name }) => name.toLowerCase() === sheet.toLowerCase()) ??
    (/^\d+$/.test(sheet) ? sheets[Number(sheet) - 1] : undefined)
  if (found) return [found]
  const names = sheets.slice(0, 20).map(({ name }, at) => `${at + 1} ${name}`)
  const more = sheets.length > names.length ? ', …' : ''
  throw sluiceError('sheet_unknown', { file, sheet, sheets: names.join(', ') + more })
}

interface Opening {
  area: Area | null
  limits: UnpackLimits
  signal: AbortSignal
}

async function* sheetOf(archive: Archive, name: string, opening: Opening): AsyncGenerator<Buffer> {
  const file = `${archive.file}/${name}`
  let shared: Shared | null = null
  try {
    const workbook = await readWorkbook(archive)
    const sheet = workbook.sheets.find((each) => each.name === name)
    if (!sheet?.part) throw new WorkbookFault(`its sheet ${name} is missing`)
    shared = await readShared(archive, workbook)
    const title = { sheet: name, ...(sheet.isHidden && { hidden: true }) }
    yield* unfold(archive, shared, { ...opening, file, part: sheet.part, title })
  } catch (error) {
    throw asDamaged(file, error)
  } finally {
    shared?.strings?.close()
  }
}

async function readShared(archive: Archive, { dates, styles, strings }: Workbook): Promise<Shared> {
  return {
    dates,
    styles: styles === null ? [] : await readStyles(archive.read(styles)),
    strings: strings === null ? null : await readStrings(archive.read(strings)),
  }
}

async function readStrings(bytes: AsyncIterable<Buffer>): Promise<Strings> {
  const strings = new Strings()
  let rich: RichText | null = null
  try {
    await readXml(bytes, {
      open(name) {
        if (rich) rich.open(name)
        else if (name === 'si') rich = new RichText()
      },
      text: (text) => rich?.text(text),
      close(name) {
        if (name === 'si' && rich) {
          strings.add(JSON.stringify(unescapedText(rich.value)))
          rich = null
        } else rich?.close(name)
      },
    })
    return strings
  } catch (error) {
    strings.close()
    throw error
  }
}

async function orDamaged<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asDamaged(file, error)
  }
}

function asDamaged(file: string, error: unknown): unknown {
  if (!(error instanceof WorkbookFault)) return error
  return sluiceError('workbook_damaged', { file, problem: messageOf(error) }, { cause: error })
}
