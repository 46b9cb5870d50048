/** The error table: whole, used, and of one style. The compiler checks codes and parameters. */
import { readdir, readFile } from 'node:fs/promises'
import { STATUS_CODES } from 'node:http'
import { expect, test } from 'vitest'
import { errorsPage as markdownPage } from '../docs/errorsPage.ts'
import { errorsPage as htmlPage } from '../src/api/errorsPage.ts'
import { shownText, withExamples } from '../src/errors/examples.ts'
import { fill } from '../src/errors/fill.ts'
import type { NoteRow } from '../src/errors/notes/row.ts'
import { noteTable } from '../src/errors/notes.ts'
import { otherReject, type RejectRow, rejectReason, rejectTable } from '../src/errors/rejects.ts'
import type { ErrorRow } from '../src/errors/row.ts'
import { errorSections } from '../src/errors/sections.ts'
import { errorTable, SluiceError, sluiceError } from '../src/errors.ts'

const root = new URL('..', import.meta.url).pathname
const rows = Object.entries(errorTable) as [string, ErrorRow][]
const rejectRows: Record<string, RejectRow> = { ...rejectTable, other: otherReject }
const anyText = expect.any(String)
const namesOf = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string)

/** Every source but the tables, without its comments. */
const sources = await Promise.all(
  ['src', 'activities', 'workflows'].flatMap(async (folder) => {
    const names = await readdir(`${root}${folder}`, { recursive: true })
    const wanted = names.filter((name) => name.endsWith('.ts') && !/^errors[/.]/.test(name))
    return Promise.all(
      wanted.map(async (name) => {
        const text = await readFile(`${root}${folder}/${name}`, 'utf8')
        const code = text.replace(/^\s*(\/\*\*|\*|\/\/).*$/gm, '')
        return { path: `${folder}/${name}`, code }
      }),
    )
  }),
).then((all) => all.flat())

/** Codes that are made somewhere; a comparison makes none. */
const made = new Set(
  sources.flatMap(({ code }) =>
    [...code.matchAll(/(?<![=!]== )'(\w+)'/g)].map(([, found]) => found as string),
  ),
)

test('every row is used', () => {
  expect(rows.length).toBeGreaterThan(50)
  expect(rows.map(([code]) => code).filter((code) => !made.has(code))).toEqual([])
  expect(Object.keys(rejectTable).filter((code) => !made.has(code))).toEqual([])
})

test('every code that is thrown is a row, and so is every code of a reject', () => {
  const thrown = sources.flatMap(({ code }) =>
    [...code.matchAll(/(?:sluiceError|rejectReason)\(\s*'(\w+)'/g)].map(([, found]) => found),
  )
  expect(thrown.length).toBeGreaterThan(80)
  const known = [...Object.keys(errorTable), ...Object.keys(rejectTable)]
  expect(thrown.filter((code) => !known.includes(code as string))).toEqual([])
  // Nobody makes one by hand: of an error, of a reject, of a failed activity.
  const byHand = /\b(?:code|type): '[a-z]+_[a-z_]+'|ApplicationFailure\.(?!create\(\{\n\s+message,)/
  expect(sources.filter(({ code }) => byHand.test(code)).map(({ path }) => path)).toEqual([])
})

/** The plain errors that may be: nobody but us sees them as they are. */
const plainErrors = {
  'activities/begin/atOnce.ts':
    'two: why one transaction is given up, and the other activities run',
  'src/api/routes/health.ts': 'the problem of database_unavailable or temporal_unavailable',
  'src/dev/temporal.ts': 'two: a broken installation, and the problem of temporal_not_started',
  'src/domain/fileParts.ts': 'a defect of ours',
  'src/formats/index.ts': 'a worker that is older than the ingest: it waits for one that is not',
  'src/formats/jsonKeys.ts': 'a defect of ours: it has no limit, or it says what its end is',
  'src/postgres/clientSql/nodeTree.ts': 'the problem of sql_refused',
  'src/spec/format.ts': 'a defect of a format, at its first start',
  'src/stage/unitBytes.ts': 'a defect of ours',
  'src/steps/app.ts': 'the problem of app_invalid',
  'src/unpack/zip.ts': 'two: both are problems of packed_file_damaged',
  'src/worker/commands.ts': 'the problem of command_refused',
}

test('a plain error is none that a user meets as it is', () => {
  const plain = sources.flatMap(({ path, code }) => {
    const found = code.match(/new \w*Error\(/g) ?? []
    // A RetryError carries a SluiceError.
    const others = found.filter((each) => !/(Sluice|InvalidArgument|Retry)Error/.test(each))
    return others.map(() => path)
  })
  const allowed = Object.entries(plainErrors).flatMap(([path, why]) =>
    why.startsWith('two: ') ? [path, path] : [path],
  )
  expect(plain.sort()).toEqual(allowed.sort())
})

test('rows have one style: a sentence and a hint', () => {
  for (const [code, { message, hint }] of rows) {
    expect([code, message]).toEqual([code, expect.stringMatching(/^[A-Z{-].*[.]$/)])
    expect([code, hint]).toEqual([code, expect.stringMatching(/^[A-Z].*[.]$/)])
  }
  for (const { message, meaning, hint } of Object.values(rejectRows)) {
    expect(message).toMatch(/\w/)
    expect(meaning).toMatch(/[^.]$/)
    expect(hint).toMatch(/^[A-Z].*[.]$/)
    expect(namesOf(hint)).toEqual([])
  }
})

test('hints at the command line name commands, not addresses of the API', () => {
  const isOfApi = /\/docs\b|\/v1\/|\b(GET|PUT|POST) \//
  const withoutShell = rows.filter(([, { shellHint }]) => shellHint === undefined)
  expect(withoutShell.filter(([, { hint }]) => isOfApi.test(hint)).map(([code]) => code)).toEqual(
    [],
  )
  for (const [code, { shellHint = '' }] of rows.filter((row) => !withoutShell.includes(row))) {
    expect([code, shellHint]).toEqual([code, expect.stringMatching(/^[A-Z].*`sluice .*[.]$|^Name/)])
    expect([code, shellHint]).not.toEqual([code, expect.stringMatching(isOfApi)])
    expect(namesOf(shellHint)).toEqual([])
  }
})

test('each row has an example, which fills its texts and has nothing more', () => {
  const all = [...rows, ...Object.entries<NoteRow>(noteTable), ...Object.entries(rejectRows)]
  for (const [code, { message, hint, example = {} }] of all) {
    const names = namesOf(`${message} ${hint}`)
    expect([code, Object.keys(example).sort()]).toEqual([code, [...new Set(names)].sort()])
    const told = `${fill(message, example)} ${fill(hint ?? '', example)}`
    expect([code, told]).not.toEqual([code, expect.stringMatching(/[{}]|\.\.(?!\/)| {2}/)])
  }
})

test('the compiler asks for the example', () => {
  const message = 'The file {file} has {count} columns.'
  const whole = withExamples({ row: { message, example: { file: 'a.csv', count: 2 } } } as const)
  expect(shownText(message, whole.row)).toBe('The file {a.csv} has {2} columns.')
  // @ts-expect-error there is none
  withExamples({ row: { message } } as const)
  // @ts-expect-error it lacks a value
  withExamples({ row: { message, example: { file: 'a.csv' } } } as const)
  // @ts-expect-error it has a value too many
  withExamples({ row: { message, example: { file: 'a.csv', count: 2, line: 3 } } } as const)
  // @ts-expect-error there is nothing to fill
  withExamples({ row: { message: 'There is none.', example: { file: 'a.csv' } } } as const)
})

test('a count of one is one thing', () => {
  expect(fill('{count} lines of {n} rows', { count: 1, n: 11 })).toBe('1 line of 11 rows')
  expect(fill('{count} lines', { count: 0 })).toBe('0 lines')
})

test('what fails with a status can be answered, and retryable goes by the kind', () => {
  for (const [code, { status, message, hint, exitCode, kind }] of rows) {
    expect([code, STATUS_CODES[status ?? 200]]).toEqual([code, anyText])
    const error = new SluiceError({ code, message, hint })
    const retryable = kind === 'transient' || kind === 'capacity'
    expect(error).toMatchObject({ status: status ?? null, exitCode: exitCode ?? 1, retryable })
  }
  const newer = new SluiceError({ code: 'of_tomorrow', message: 'It rains.', hint: 'Wait.' })
  expect(newer).toMatchObject({ code: 'of_tomorrow', message: 'It rains.', exitCode: 1 })
})

test('texts are filled in, in message and hint, with one full stop', () => {
  const name = 'a.csv'
  expect(sluiceError('upload_not_found', { name })).toMatchObject({
    code: 'upload_not_found',
    message: 'There is no upload a.csv.',
    hint: 'Send it with PUT /v1/uploads/a.csv first. Uploads are kept for a day.',
  })
  const twice = sluiceError('spec_invalid', { problem: 'It is empty.' })
  expect(twice.message).toBe('The ingest spec is not valid: It is empty.')
  expect(fill('It was: {first}.', { first: 'Too long.' })).toBe('It was: Too long.')
  expect(fill('{path}.', { path: '.' })).toBe('..')
  expect(fill('{a} {b}', { a: '{b}', b: '$&' })).toBe('{b} $&')
  expect(rejectReason('record_too_long', { max: 16, kept: 1 })).toEqual({
    code: 'record_too_long',
    error: 'the record is longer than 16 bytes; the first 1 are kept',
  })
})

test('people read all of it: every code once, and the kinds, exit codes and rejects', () => {
  const sections = errorSections()
  expect(sections.map(({ title }) => title)).toEqual([
    ...['user', 'data', 'transient', 'capacity'],
    ...['Exit codes', 'Reject codes', 'Note codes'],
  ])
  const ids = sections.flatMap((section) => section.rows.flatMap(({ id }) => id ?? []))
  const rejects = Object.keys(rejectTable).map((code) => `reject_${code}`)
  const notes = Object.keys(noteTable).map((code) => `note_${code}`)
  expect(ids.sort()).toEqual([...Object.keys(errorTable), ...rejects, ...notes].sort())
  for (const { head, rows } of sections) {
    for (const { cells } of rows) expect(cells.length).toBe(head.length)
  }
})

test('the pages show the texts with their examples in italics, also within code', () => {
  const markdown = markdownPage()
  expect(markdown).toContain('| There is no upload *trips.csv*. |')
  expect(markdown).toContain('`sluice list`')
  expect(markdown).toContain('<code>sluice resume *trips-1*</code>')
  expect(markdown).toContain('| No file matches */data/2025/\\*.csv*. |')
  const html = htmlPage()
  expect(html).toContain('<td>There is no upload <i>trips.csv</i>.')
  expect(html).toContain('<code>sluice resume <i>trips-1</i></code>')
  for (const page of [markdown, html]) expect(page).not.toMatch(/\{\w+\}/)
})
