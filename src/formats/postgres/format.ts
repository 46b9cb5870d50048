/** The rows of another PostgreSQL, which its source reads as COPY text. */
import { unfolded } from '../unfolded.ts'

export const postgres = unfolded({ kind: 'postgres', options: {} })
