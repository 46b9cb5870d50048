import { expect, test } from 'vitest'
import { changesText, leftOutText, mismatchOf } from '../../src/domain/counts.ts'

test('every record that is read has an outcome', () => {
  const counts = { rowsRead: 15, rowsLoaded: 5, rowsRejected: 4, rowsSkipped: 3 }
  expect(mismatchOf({ ...counts, rowsFiltered: 2, rowsSuperseded: 1 })).toBeNull()
  expect(mismatchOf({ ...counts, rowsFiltered: 2 })).toBe(
    '15 read, 5 loaded, 4 rejected, 3 skipped, 2 filtered, 0 superseded',
  )
  expect(mismatchOf({ ...counts, rowsFiltered: null, rowsSuperseded: 4 })).not.toBeNull()
})

test('rare outcomes are told where there are some', () => {
  expect(leftOutText({ rowsLoaded: 5, rowsRejected: 0, rowsSkipped: 0 })).toBe('0 rejected')
  expect(leftOutText({ rowsRejected: 1, rowsFiltered: 2, rowsSuperseded: 3 })).toBe(
    '1 rejected, 2 filtered, 3 superseded',
  )
})

test('changes are told by the modes that tell them apart', () => {
  expect(changesText({ rowsInserted: null, rowsDeleted: null })).toBe('')
  expect(changesText({ rowsInserted: 0, rowsUpdated: 0, rowsUnchanged: 0 })).toBe('')
  const changes = { rowsInserted: 0, rowsUpdated: 1, rowsUnchanged: 1200, rowsDeleted: 2 }
  expect(changesText(changes, (count) => `<${count}>`)).toBe(
    ' (<1> updated, <1200> unchanged, <2> deleted)',
  )
})
