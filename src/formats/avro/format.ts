/** Avro object container files, as the rest of Sluice knows them. */
import type { FormatOptions } from '../format.ts'
import { sharedOptions } from '../sharedOptions.ts'
import { unfolded } from '../unfolded.ts'
import { magic } from './blocks.ts'
import { unfoldAvro } from './unfold.ts'

export const avro = unfolded({
  kind: 'avro',
  options: { unknownFiles: sharedOptions.unknownFiles },
  file: {
    magic,
    unfold: ({ path, name }, _: FormatOptions, how) => unfoldAvro({ path, file: name }, how),
  },
})
