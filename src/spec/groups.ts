/** The options of a spec by the member of the spec that they stand in. */
import { formatOptions } from './format.ts'
import { ingestOptions, rejectsOptions } from './spec.ts'
import { targetOptions } from './target.ts'

/** In the order of the help and of the reference page. '' stands for the spec itself. */
export const optionGroups = {
  target: targetOptions,
  '': ingestOptions,
  rejects: rejectsOptions,
  format: formatOptions,
}

/** What the help and the reference page call them. */
export const groupTitles: Record<keyof typeof optionGroups, string> = {
  target: 'The target',
  '': 'The ingest',
  rejects: 'Rejects',
  format: 'How files are written',
}
