/** Parquet, as the rest of Sluice knows it. */
import type { FormatOptions } from '../format.ts'
import { sharedOptions } from '../sharedOptions.ts'
import { unfolded } from '../unfolded.ts'
import { unfoldParquet } from './unfold.ts'

export const parquet = unfolded({
  kind: 'parquet',
  magic: 'PAR1',
  options: { unknownFiles: sharedOptions.unknownFiles },
  unfold: ({ path, name }, _: FormatOptions, { signal }) =>
    unfoldParquet({ path, file: name }, signal),
})
