/** Where what lies in the memory, behind the window and what may be read behind that: see ../loop.ts. */

const page: usize = 1 << 16

/** Where each field ends, of the records one after the other, behind what is before the first. */
export const positions: usize = (1 << 20) + page
/** For each kind, how many values the column has. */
export const counts: usize = positions + page
export const countBytes: usize = 128
/** Short values of the column that are known: their size, how many there are, 16 bytes. */
export const known: usize = counts + countBytes
/** What may begin with a byte: 1 a word that is no text everywhere, 2 JSON. */
export const classes: usize = known + 512
/** A field without the blanks around it, as a row of positions. */
export const alone: usize = classes + 256
/** For each open brace of a document: where its last key starts, and how long that is. */
export const keys: usize = alone + 64
