/** The error table: whole, used, and of one style. The compiler checks codes and parameters. */
import { readdir, readFile } from 'node:fs/promises'
import { STATUS_CODES } from 'node:http'
import { expect, test } from 'vitest'
import { fill } from '../src/errors/fill.ts'
import { noteTable } from '../src/errors/notes.ts'
import { otherReject, rejectReason, rejectTable } from '../src/errors/rejects.ts'
import type { ErrorRow } from '../src/errors/row.ts'
import { errorSections } from '../src/errors/sections.ts'
import { errorTable, SluiceError, sluiceError } from '../src/errors.ts'

const root = new URL('..', import.meta.url).pathname
const rows = Object.entries(errorTable) as [string, ErrorRow][]
const anyText = expect.any(String)
const namesOf = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string)

/** What a hint may name that its message does not. */
const given: Record<string, string[]> = {
  every_row_rejected: ['likely', 'ingestId'],
  most_rows_rejected: ['likely', 'ingestId'],
  rejects_over_max: ['likely', 'ingestId'],
  sample_rejected: ['likely'],
  file_unknown: ['advice'],
  file_without_header: ['advice'],
  encoding_unknown: ['similar'],
  usage_invalid: ['command'],
  setting_missing: ['example'],
  source_unsupported: ['how'],
  sequence_behind: ['setval'],
  column_generated: ['them'],
  part_ended: ['log'],
  unpack_limit: ['setting'],
  step_threw: ['attempts'],
}

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
  'src/api/routes/health.ts': 'the problem of database_unavailable or temporal_unavailable',
  'src/dev/temporal.ts': 'two: a broken installation, and the problem of temporal_not_started',
  'src/formats/index.ts': 'a worker that is older than the ingest: it waits for one that is not',
  'src/spec/format.ts': 'a defect of a format, at its first start',
  'src/stage/unitBytes.ts': 'a defect of ours',
  'src/steps/app.ts': 'the problem of app_invalid',
  'src/worker/commands.ts': 'the problem of command_refused',
}

test('a plain error is none that a user meets as it is', () => {
  const plain = sources.flatMap(({ path, code }) => {
    const found = code.match(/new \w*Error\(/g) ?? []
    // A RetryError carries a SluiceError.
    const others = found.filter((each) => !/(Sluice|InvalidArgument|Retry)Error/.test(each))
    return others.map(() => path)
  })
  const allowed = [...Object.keys(plainErrors), 'src/dev/temporal.ts']
  expect(plain.sort()).toEqual(allowed.sort())
})

test('rows have one style: a sentence, a hint, parameters that are known', () => {
  for (const [code, { message, hint }] of rows) {
    expect([code, message]).toEqual([code, expect.stringMatching(/^[A-Z{-].*[.]$/)])
    expect([code, hint]).toEqual([code, expect.stringMatching(/^[A-Z].*[.]$/)])
    const known = [...namesOf(message), ...(given[code] ?? [])]
    expect([code, namesOf(hint).filter((name) => !known.includes(name))]).toEqual([code, []])
  }
  for (const { message, meaning, hint } of [...Object.values(rejectTable), otherReject]) {
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
