/**
 * Which types a sampled one may widen to, so that what was loaded keeps its meaning.
 *
 * `numeric` holds every bigint exactly, and whatever `double precision` would take, so the way
 * from numbers leads past that one. What a date or a timestamp refuses no other of them takes, and
 * one with a time zone would give those without a meaning that they never had: they become text.
 */
import { type SampleType, sampleTypes } from './columns.ts'

const wider: Record<SampleType, readonly string[]> = {
  boolean: ['text'],
  bigint: ['numeric', 'text'],
  numeric: ['text'],
  'double precision': ['text'],
  date: ['text'],
  timestamp: ['text'],
  timestamptz: ['text'],
  uuid: ['text'],
  jsonb: ['text'],
}

/** The type itself and those it may become, narrowest first: each takes all that the ones before take. */
export const widerTypes = (type: string): readonly string[] =>
  isSampleType(type) ? [type, ...wider[type]] : [type]

/** The narrowest type that takes all that either takes. */
export function commonType(one: string, other: string): string {
  const possible = widerTypes(other)
  return widerTypes(one).find((type) => possible.includes(type)) ?? 'text'
}

/** Text is as wide as it gets. */
export const canWiden = (type: string): boolean => isSampleType(type)

const isSampleType = (type: string): type is SampleType =>
  (sampleTypes as readonly string[]).includes(type)
