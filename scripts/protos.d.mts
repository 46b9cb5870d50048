import type { Packages } from './lazyProtos.mjs'

export function readPackages(): Packages
