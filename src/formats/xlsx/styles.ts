/** The styles of a workbook: which of them show a number as a date. */
import { WorkbookFault } from './fault.ts'
import { builtInFormat, formatOf, type Shows } from './numberFormat.ts'
import { readXml } from './xml.ts'

/** Excel has at most 65,490 of them. */
const stylesMax = 1_000_000

/** @returns what the cells of each style show; null for numbers */
export async function readStyles(bytes: AsyncIterable<Buffer>): Promise<(Shows | null)[]> {
  const own = new Map<number, Shows | null>()
  const styles: (Shows | null)[] = []
  let isOfCells = false
  await readXml(bytes, {
    open(name, attribute) {
      if (name === 'cellXfs') isOfCells = true
      else if (name === 'numFmt') {
        own.set(Number(attribute('numFmtId')), formatOf(attribute('formatCode') ?? ''))
      } else if (name === 'xf' && isOfCells) {
        const id = Number(attribute('numFmtId') ?? 0)
        const found = own.get(id)
        styles.push(found === undefined ? builtInFormat(id) : found)
      }
      if (own.size + styles.length > stylesMax) throw new WorkbookFault('it has too many styles')
    },
    text() {},
    close(name) {
      if (name === 'cellXfs') isOfCells = false
    },
  })
  return styles
}
