/** Parquet, as the rest of Sluice knows it. */
import type { FormatOptions } from '../format.ts'
import { sharedOptions } from '../sharedOptions.ts'
import { unfolded } from '../unfolded.ts'
import { unfoldParquet } from './unfold.ts'

export const parquet = unfolded({
  kind: 'parquet',
  options: { unknownFiles: sharedOptions.unknownFiles },
  file: {
    magic: 'PAR1',
    unfold: ({ path, name }, _: FormatOptions, { signal }) =>
      unfoldParquet({ path, file: name }, signal),
  },
})
