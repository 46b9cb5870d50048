/** What a workbook says of itself: its sheets, where their parts lie, and its system of dates. */

import type { XmlHandler } from '../../io/xml.ts'
import type { Archive } from '../../unpack/archive.ts'
import { WorkbookFault } from './fault.ts'
import { readXml } from './xml.ts'

export interface Sheet {
  name: string
  /** Its part of the archive; null when it is no table, such as a chart. */
  part: string | null
  isHidden: boolean
}

export interface Workbook {
  sheets: Sheet[]
  dates: 1900 | 1904
  /** The parts with styles and shared strings; null without any. */
  styles: string | null
  strings: string | null
}

/** No part has so many in a workbook that a person works with. */
const countMax = 10_000
const nameCharsMax = 400

interface Relation {
  kind: string
  part: string
}

/** @throws what is wrong with it */
export async function readWorkbook(archive: Archive): Promise<Workbook> {
  const main = await mainPart(archive)
  const relations = await relationsOf(archive, main)
  const partOf = (kind: string) =>
    [...relations.values()].find((each) => each.kind === kind)?.part ?? null
  const found = new Sheets(archive, relations)
  await readXml(archive.read(main), found)
  const { sheets, dates } = found
  return { sheets, dates, styles: partOf('styles'), strings: partOf('sharedStrings') }
}

class Sheets implements XmlHandler {
  readonly sheets: Sheet[] = []
  dates: Workbook['dates'] = 1900
  readonly #archive: Archive
  readonly #relations: ReadonlyMap<string, Relation>

  constructor(archive: Archive, relations: ReadonlyMap<string, Relation>) {
    this.#archive = archive
    this.#relations = relations
  }

  open(name: string, attribute: (name: string) => string | undefined): void {
    if (name === 'workbookPr' && isTrue(attribute('date1904'))) this.dates = 1904
    if (name !== 'sheet') return
    const title = attribute('name') ?? ''
    this.#mustBeNew(title)
    const relation = this.#relations.get(attribute('id') ?? '')
    if (!relation) throw new WorkbookFault(`it does not say where its sheet ${title} is`)
    const part = relation.kind === 'worksheet' ? relation.part : null
    if (part !== null && !this.#archive.sizeOf(part))
      throw new WorkbookFault(`its part ${part} is missing`)
    const isHidden = /^(hidden|veryHidden)$/.test(attribute('state') ?? '')
    this.sheets.push({ name: title, part, isHidden })
  }

  text(): void {}
  close(): void {}

  #mustBeNew(title: string): void {
    if (title === '' || title.length > nameCharsMax)
      throw new WorkbookFault('a sheet of it has no name')
    if (/\p{Cc}/u.test(title))
      throw new WorkbookFault('the name of a sheet has a control character')
    if (this.sheets.length >= countMax)
      throw new WorkbookFault(`it has more than ${countMax} sheets`)
    if (this.sheets.some(({ name }) => name === title)) {
      throw new WorkbookFault(`two of its sheets have the name ${title}`)
    }
  }
}

export const isTrue = (value: string | undefined): boolean => value === '1' || value === 'true'

async function mainPart(archive: Archive): Promise<string> {
  const relations = [...(await relationsOf(archive, '')).values()]
  const main = relations.find(({ kind }) => kind === 'officeDocument')?.part ?? 'xl/workbook.xml'
  if (archive.sizeOf(main)) return main
  throw new WorkbookFault(`its part ${main} is missing`)
}

/** Where the parts are that a part refers to, by the ids that it gives them. */
async function relationsOf(archive: Archive, part: string): Promise<Map<string, Relation>> {
  const relations = new Map<string, Relation>()
  const folder = part.slice(0, part.lastIndexOf('/') + 1)
  const path = `${folder}_rels/${part.slice(folder.length)}.rels`
  if (!archive.sizeOf(path)) return relations
  await readXml(archive.read(path), {
    open(name, attribute) {
      if (name !== 'Relationship' || attribute('TargetMode') === 'External') return
      const kind = (attribute('Type') ?? '').split('/').at(-1) as string
      relations.set(attribute('Id') ?? '', { kind, part: resolved(folder, attribute('Target')) })
      if (relations.size > countMax) throw new WorkbookFault(`it has more than ${countMax} parts`)
    },
    text() {},
    close() {},
  })
  return relations
}

/** A target is a path from the folder of the part that names it, or from the top of the archive. */
function resolved(folder: string, target = ''): string {
  const path = target.replaceAll('\\', '/')
  const parts: string[] = []
  for (const name of (path.startsWith('/') ? path : folder + path).split('/')) {
    if (name === '..') parts.pop()
    else if (name !== '' && name !== '.') parts.push(name)
  }
  return parts.join('/')
}
