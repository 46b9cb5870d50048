/** NOTICEs of COPY, also from a server that does not speak English to this role. */
import { expect, test } from 'vitest'
import { readNotice } from '../../src/postgres/copy/notice.ts'

const types = new Map([
  ['n', 'integer'],
  ['my "day"', 'date'],
])

test.each([
  ['skipping row due to data type incompatibility at line 7 for column "n": "x"', 7, 'n', '"x"'],
  [
    'skipping row due to data type incompatibility at line 7 for column "n": null input',
    7,
    'n',
    'NULL',
  ],
  [
    'skipping row due to data type incompatibility at line 12 for column "n": "a": "b\nc"',
    12,
    'n',
    '"a\\": \\"b\\nc"',
  ],
  [
    'überspringe Zeile wegen Datentypinkompatibilität in Zeile 7 für Spalte »n«: »x«',
    7,
    'n',
    '»x«',
  ],
  [
    'ligne ignorée, types incompatibles à la ligne 31 pour la colonne « n » : « x: 5 »',
    31,
    'n',
    '« x: 5 »',
  ],
])('%s', (text, copyLine, column, value) => {
  const error = `not a valid integer: ${value}`
  expect(readNotice(text, types)).toEqual({ copyLine, column, error })
})

test.each([
  '3 rows were skipped due to data type incompatibility',
  '1 row was skipped due to data type incompatibility',
  '3 Zeilen wurden wegen Datentypinkompatibilität übersprungen',
  'some trigger wants to be heard',
])('%s: tells of no row', (text) => {
  expect(readNotice(text, types)).toBeNull()
})
