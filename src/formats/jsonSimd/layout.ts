/** Where what lies in the memory, behind the window and what may be read behind that: see ../jsonLoop.ts. */

const page: usize = 1 << 16

export const windowBytes: usize = 1 << 20
/** The lines that were written: a record has twice its bytes at most, and three a field. */
export const out: usize = windowBytes + page
export const outBytes: usize = 2 * windowBytes + 2 * page
/** A table can have no more columns. */
export const fieldsMax: i32 = 1600
/** For each field: where its last value starts and ends, its form, its kind, and the turn it was met in. */
export const values: usize = out + outBytes + page
export const valueBytes: usize = 32
/** The fields that the record at hand has, in the order in which it has them. */
export const met: usize = values + usize(fieldsMax) * valueBytes
/** For each field, how its values are given to PostgreSQL. */
export const ways: usize = met + usize(fieldsMax) * 4
/** For each field, a bit for each kind that it has shown, and how many values it has of each. */
export const seen: usize = ways + usize(fieldsMax) * 4
export const counts: usize = seen + usize(fieldsMax) * 4
export const countBytes: usize = 128
/** For each field, where its key lies, and its size. */
export const keys: usize = counts + usize(fieldsMax) * countBytes
/** Fields by a hash of their keys, counted from 1. */
export const slots: usize = keys + usize(fieldsMax) * 8
export const slotCount: i32 = 4096
/** The records that were written: where each starts, where it ends, and where its line ends. */
export const records: usize = slots + usize(slotCount) * 4
export const recordBytes: usize = 12
export const recordsMax: i32 = 16384
/** The keys as files have them, with quotes and a colon. */
export const keyTexts: usize = records + usize(recordsMax) * recordBytes
export const keyTextBytes: usize = 4 * page
