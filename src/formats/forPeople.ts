/** Records as people read and correct them: by their bytes, where these are text for people. */
import type { Reader } from './reader.ts'

export const forPeople = <R extends { raw: Buffer }>(
  rejects: readonly R[],
  { rawOf }: Pick<Reader, 'rawOf'>,
): R[] => rejects.map((reject) => (rawOf ? { ...reject, raw: rawOf(reject.raw) } : reject))
