/** The kinds of sources, by their names alone; what they do is in src/sources. */
export const sourceKinds = ['upload', 'directory', 'http', 'postgres', 's3'] as const

export type SourceKindName = (typeof sourceKinds)[number]
