/** Tells archives that are documents of office programs from those that hold files. */
import type { UnpackLimits } from '../domain/unpack.ts'
import { sluiceError } from '../errors.ts'
import type { OpenFile } from '../io/openFile.ts'
import type { Container } from './container.ts'
import { namesIn } from './zip.ts'

/** Documents with tables that are not read. */
const spreadsheets: [what: string, marks: string[]][] = [
  [
    'a workbook of Excel, which only `--format xlsx` reads',
    ['[Content_Types].xml', 'xl/workbook.xml'],
  ],
  ['a binary workbook of Excel (.xlsb)', ['[Content_Types].xml', 'xl/workbook.bin']],
  ['an OpenDocument file, like .ods', ['META-INF/manifest.xml', 'content.xml']],
]

/** Parts that only documents have. */
const otherMarks = ['[Content_Types].xml', 'META-INF/manifest.xml']

/**
 * @returns the kind of document that it is; null for an archive that holds files
 * @throws spreadsheet_unsupported, packing_unsupported, packed_file_damaged, unpack_limit
 */
export async function containerOf(
  archive: OpenFile,
  of: { file: string; archiveBytes: number },
  { limits, containers }: { limits: UnpackLimits; containers: readonly Container[] },
): Promise<Container | null> {
  const { file } = of
  const marks = [...containers, ...spreadsheets.map(([, each]) => ({ marks: each }))]
  const wanted = new Set([...otherMarks, ...marks.flatMap((each) => each.marks)])
  const found = await namesIn(archive, of, { wanted, limits })
  const isIn = (names: readonly string[]) => names.every((name) => found.has(name))
  const container = containers.find((each) => isIn(each.marks))
  if (container) return container
  const known = spreadsheets.find(([, names]) => isIn(names))
  if (known) throw sluiceError('spreadsheet_unsupported', { file, what: known[0] })
  if (!otherMarks.some((name) => found.has(name))) return null
  const problem = 'it is a document of an office program: save it as CSV'
  throw sluiceError('packing_unsupported', { file, problem })
}
