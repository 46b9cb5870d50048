/** The error table as people read it: docs/errors.md and /docs/errors are written from this. */
import { type ErrorCode, errorTable } from '../errors.ts'
import { shownText } from './examples.ts'
import { exitCodes, type Kind, kinds } from './kinds.ts'
import type { NoteRow } from './notes/row.ts'
import { noteTable } from './notes.ts'
import { otherReject, type RejectRow, rejectTable } from './rejects.ts'
import type { ErrorRow } from './row.ts'

/** Texts may have `code` in backticks, and words of an example in `{…}`. */
export interface Section {
  title: string
  meaning: string
  head: string[]
  rows: { id?: string; cells: string[] }[]
}

const rows = Object.entries(errorTable) as [ErrorCode, ErrorRow][]

export const errorSections = (): Section[] => [
  ...(Object.keys(kinds) as Kind[]).map(sectionOf),
  exitSection(),
  rejectSection(),
  noteSection(),
]

function sectionOf(kind: Kind): Section {
  const { meaning, retryable } = kinds[kind]
  const ofKind = rows.filter(([, row]) => row.kind === kind)
  return {
    title: kind,
    meaning,
    head: ['code', 'status', 'retryable', 'message', 'what to do'],
    rows: ofKind.map(([code, row]) => ({
      id: code,
      cells: [
        ...[`\`${code}\``, String(row.status ?? '–'), retryable ? 'yes' : 'no'],
        ...[shownText(row.message, row), shownText(row.hint, row)],
      ],
    })),
  }
}

function exitSection(): Section {
  const codesOf = (exitCode: number) =>
    rows.filter(([, row]) => (row.exitCode ?? 1) === exitCode).map(([code]) => `\`${code}\``)
  return {
    title: 'Exit codes',
    meaning: 'What a command of `sluice` ends with.',
    head: ['exit code', 'meaning', 'errors'],
    rows: Object.entries(exitCodes).map(([exitCode, meaning]) => ({
      cells: [exitCode, meaning, exitCode === '1' ? 'all others' : codesOf(+exitCode).join(', ')],
    })),
  }
}

function rejectSection(): Section {
  return {
    title: 'Reject codes',
    meaning:
      'Why a single row could not be taken: `code` and `error` of a reject. A record with several ' +
      'faults has one reject, for the first one found. The examples stand in a file with the ' +
      'columns `id`, which must not be NULL, and `amount`, a number.',
    head: ['code', 'error', 'meaning', 'what to do', 'example'],
    rows: [
      ...Object.entries<RejectRow>(rejectTable).map(([code, row]) => ({
        id: `reject_${code}`,
        cells: [`\`${code}\``, ...rejectCells(row)],
      })),
      { cells: ['another SQLSTATE', ...rejectCells(otherReject)] },
    ],
  }
}

function rejectCells(row: RejectRow): string[] {
  const { message, meaning, hint, record } = row
  return [shownText(message, row), meaning, hint, record === undefined ? '–' : `\`${record}\``]
}

function noteSection(): Section {
  return {
    title: 'Note codes',
    meaning:
      'What an ingest tells of its own accord: what it guessed, left out or changed. Notes are in ' +
      '`sluice.notes`, in the API, in the details of the workflow, and in the last lines of ' +
      '`sluice ingest`.',
    head: ['code', 'message', 'meaning', 'what to do'],
    rows: Object.entries<NoteRow>(noteTable).map(([code, row]) => ({
      id: `note_${code}`,
      cells: [
        ...[`\`${code}\``, shownText(row.message, row), row.meaning],
        row.hint === null ? '–' : shownText(row.hint, row),
      ],
    })),
  }
}
