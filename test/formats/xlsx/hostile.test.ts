/** Workbooks that are broken, or made to do harm: an error that says what is wrong, and no wrong row. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unpackLimits } from '../../../src/domain/unpack.ts'
import { SluiceError } from '../../../src/errors.ts'
import { cellsOf } from '../../../src/formats/xlsx/rows/cells.ts'
import { Strings } from '../../../src/formats/xlsx/strings.ts'
import { zip } from '../../zip.ts'
import { linesIn, partsOf, sheetOf, tablesIn, unfolded, workbook } from './workbook.ts'

const some = { seed: 20261128 }
const one = '<row><c><v>1</v></c></row>'

async function problemOf(bytes: Buffer, sheet?: string): Promise<string> {
  const error = await unfolded(bytes, sheet).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(SluiceError)
  expect((error as SluiceError).code).toBe('workbook_damaged')
  return (error as SluiceError).message
}

/** A workbook whose sheet is this text as it stands. */
const withSheet = (xml: string | Buffer) =>
  zip({ ...partsOf(sheetOf(one)), 'xl/worksheets/sheet1.xml': xml })

const entity = (name: string, of: string) => `<!ENTITY ${name} "${`&${of};`.repeat(10)}">`

describe('what is wrong is said', () => {
  test.each([
    ['a document type', `<!DOCTYPE x [<!ENTITY a "b">]><worksheet/>`, 'document type'],
    ['a billion laughs', `<!DOCTYPE x [${entity('b', 'a')}]><x>&b;</x>`, 'document type'],
    [
      'an unknown entity',
      '<worksheet><sheetData><row><c><v>&lol;</v></c></row></sheetData></worksheet>',
      'entity &lol;',
    ],
    ['XML that is broken', '<worksheet><sheetData></worksheet>', 'XML is broken'],
    ['XML that ends early', '<worksheet><sheetData><row>', 'XML is broken'],
    ['no XML', 'hello', 'XML is broken'],
    ['nothing', '', 'missing'],
    ['another encoding', '<?xml version="1.0" encoding="iso-8859-1"?><worksheet/>', 'iso-8859-1'],
    [
      'bytes that are no UTF-8',
      Buffer.from('<worksheet>\xff</worksheet>', 'latin1'),
      'bytes that are not utf-8',
    ],
    ['elements without an end', '<a>'.repeat(200), 'nested too deep'],
    ['an endless text', `<worksheet>${'x'.repeat(5 << 20)}`, 'characters'],
    ['an endless element', `<worksheet a="${'x'.repeat(5 << 20)}`, 'characters'],
  ])('%s', async (_, xml, problem) => {
    expect(await problemOf(await withSheet(xml))).toContain(problem)
  })

  test.each([
    ['rows out of order', '<row r="3"/><row r="3"/>', 'its row 3 stands behind row 3'],
    ['a row too far down', '<row r="1048577"/>', 'a row 1048577'],
    ['a row that is no number', '<row r="x"/>', 'its row x'],
    [
      'cells out of order',
      '<row><c r="B1"/><c r="A1"/></row>',
      'the cell A1 stands behind column B',
    ],
    ['a cell of another row', '<row><c r="B2"/></row>', 'a cell B2'],
    ['a column too far right', '<row><c r="XFE1"/></row>', 'a cell XFE1'],
    ['a text that is not there', '<row><c t="s"><v>7</v></c></row>', 'the shared text 7'],
    ['a number that is none', '<row><c><v>1,5</v></c></row>', 'the number 1,5'],
  ])('%s', async (_, rows, problem) => {
    expect(await problemOf(await workbook(sheetOf(rows)))).toContain(problem)
  })

  test.each(['xl/worksheets/sheet1.xml', 'xl/workbook.xml'])('%s is missing', async (part) => {
    const { [part]: _, ...others } = partsOf(sheetOf(one))
    expect(await problemOf(await zip(others))).toContain(`${part} is missing`)
  })

  test('a sheet that is named twice, or that has no place', async () => {
    const parts = partsOf({ sheets: { a: '', b: '' } })
    const twice = {
      ...parts,
      'xl/workbook.xml': `${parts['xl/workbook.xml']}`.replace('"b"', '"a"'),
    }
    expect(await problemOf(await zip(twice), 'a')).toContain('two of its sheets have the name a')
    const lost = {
      ...parts,
      'xl/workbook.xml': `${parts['xl/workbook.xml']}`.replace('"s1"', '"s9"'),
    }
    await expect(tablesIn(await zip(lost))).rejects.toMatchObject({ code: 'workbook_damaged' })
  })
})

test('UTF-16 is read, and a name with an entity in it', async () => {
  const xml = `<?xml version="1.0" encoding="UTF-16"?><worksheet><sheetData>${one}</sheetData></worksheet>`
  const bytes = await withSheet(Buffer.from(`\ufeff${xml}`, 'utf16le'))
  expect(linesIn(await unfolded(bytes)).rows).toEqual(['[1]'])
})

test('one long text that many cells share is stopped at the limit of packed files', async () => {
  const strings = `<si><t>${'x'.repeat(40_000)}</t></si>`
  const rows = '<row><c t="s"><v>0</v></c></row>'.repeat(4000)
  const bytes = await workbook({ ...sheetOf(rows), strings })
  await expect(unfolded(bytes)).rejects.toMatchObject({ code: 'unpack_limit' })
})

test('a part that unpacks to more than the limit is refused when it is listed', async () => {
  const bytes = await workbook(sheetOf(one.repeat(10_000)))
  const limits = { ...unpackLimits, bytesMax: 100_000 }
  await expect(unfolded(bytes, 'Sheet1', { limits })).rejects.toMatchObject({
    code: 'unpack_limit',
  })
})

test('a million empty rows and columns cost next to nothing', async () => {
  const rows = Array.from(
    { length: 100_000 },
    (_, at) => `<row r="${at * 10 + 1}"><c r="XFD${at * 10 + 1}"/></row>`,
  )
  const text = await unfolded(await workbook(sheetOf(rows.join(''))))
  expect(text.length).toBeLessThan(1000)
})

test('shared texts beyond those in memory are found in their file', () => {
  const strings = new Strings(1000)
  const texts = Array.from({ length: 5000 }, (_, at) =>
    JSON.stringify(`${at} ${'é'.repeat(at % 70)}`),
  )
  for (const each of texts) strings.add(each)
  for (const at of [0, 4999, 1, 2500, 17, 4998]) expect(strings.at(at)).toBe(texts[at])
  expect(texts.map((_, at) => strings.at(at))).toEqual(texts)
  expect([strings.at(5000), strings.at(-1), strings.at(Number.NaN)]).toEqual([null, null, null])
  strings.close()
})

const file = readFileSync(new URL('./files/xlsxwriter.xlsx', import.meta.url))

test('a file that is damaged at any byte is an error, or read as before', async () => {
  const whole = (await unfolded(file, 'Sales')).toString()
  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const damaged = Buffer.from(file)
      damaged[at] = (damaged[at] as number) ^ by
      const found = await unfolded(damaged, 'Sales').then(String, (error: unknown) => error)
      if (found !== whole) expect(found).toBeInstanceOf(SluiceError)
    }),
    { ...some, numRuns: 400 },
  )
})

test('a file that ends at any byte is an error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 1), async (end) => {
      const found = unfolded(file.subarray(0, end), 'Sales')
      await expect(found).rejects.toBeInstanceOf(SluiceError)
    }),
    { ...some, numRuns: 100 },
  )
})

const parts = partsOf({
  ...sheetOf(
    `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>46053</v></c></row>
     <row r="3"><c r="A3" t="inlineStr"><is><t>a &amp; b</t></is></c><c t="e"><v>#N/A</v></c></row>`,
  ),
  strings: '<si><r><t>rich</t></r><rPh><t>x</t></rPh></si>',
  styles:
    '<numFmts><numFmt numFmtId="170" formatCode="yy-mm"/></numFmts><cellXfs><xf/><xf numFmtId="170"/></cellXfs>',
})

test('XML that is damaged at any byte is an error, or rows that can be read', async () => {
  const names = Object.keys(parts)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), fc.nat(), fc.nat(255), async (name, where, to) => {
      const xml = Buffer.from(parts[name] as string)
      xml[where % xml.length] = to
      const bytes = await zip({ ...parts, [name]: xml })
      const found = await unfolded(bytes).then(linesIn, (error: unknown) => error)
      if (found instanceof Error) expect(found).toBeInstanceOf(SluiceError)
      else
        for (const row of (found as { rows: string[] }).rows) {
          if (row !== '') expect(cellsOf(row)).toBeInstanceOf(Array)
        }
    }),
    { ...some, numRuns: 600 },
  )
})
