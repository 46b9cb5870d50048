/** JSON says itself what is a number, a text, or null. */
import type { ValueTerms } from '../domain/columnValues.ts'

export const jsonTerms = (): ValueTerms => ({ nulls: [], headerRows: 0, hasWords: false })
