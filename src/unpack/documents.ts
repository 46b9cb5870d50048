/** Tells archives that are documents of office programs from those that hold files. */
import { sluiceError } from '../errors.ts'
import type { Container } from './container.ts'
import type { Directory } from './zip.ts'

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
 * @throws spreadsheet_unsupported, packing_unsupported
 */
export function containerOf(
  { names }: Pick<Directory, 'names'>,
  file: string,
  containers: readonly Container[],
): Container | null {
  const found = new Set([...(names ?? [])].map((name) => name.replaceAll('\\', '/')))
  const isIn = (marks: readonly string[]) => marks.every((name) => found.has(name))
  const container = containers.find(({ marks }) => isIn(marks))
  if (container) return container
  const known = spreadsheets.find(([, marks]) => isIn(marks))
  if (known) throw sluiceError('spreadsheet_unsupported', { file, what: known[0] })
  if (!otherMarks.some((name) => found.has(name))) return null
  const problem = 'it is a document of an office program: save it as CSV'
  throw sluiceError('packing_unsupported', { file, problem })
}
