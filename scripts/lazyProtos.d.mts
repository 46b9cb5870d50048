interface Entry {
  json: string
  refersTo: string[]
  methods?: Record<string, { json: string; refersTo: string[] }>
}

export type Packages = Record<string, Record<string, Entry>>

export function lazyProtos(packages: Packages): unknown
