/** The options that say whether, and for how long, an ingest can be taken back. */
import { Type } from 'typebox'
import type { Options } from '../domain/option.ts'

export const undoOptions = {
  undo: {
    schema: Type.Boolean(),
    about: 'whether the ledger keeps what `sluice undo` needs to take the ingest back',
    absent: 'it cannot be taken back',
    flag: { text: '--undo' },
    example: '--undo',
  },
  keep: {
    schema: Type.String({ pattern: '^[1-9]\\d{0,3}[hd]$' }),
    about: 'with undo: for how long after its rows are published, in hours or days',
    absent: '7d',
    must: 'hours or days, like 12h or 7d',
    flag: { text: '--keep <time>' },
    example: '--keep 30d',
  },
} satisfies Options
