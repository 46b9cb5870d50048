/** The modes by their names in a spec: one file each. */
import type { FullTarget } from '../../spec/target.ts'
import { append } from './append.ts'
import { history } from './history.ts'
import { insert } from './insert.ts'
import { merge } from './merge.ts'
import type { Mode } from './mode.ts'
import { replace } from './replace.ts'
import { sync } from './sync.ts'

export type ModeName = FullTarget['mode']

export const modes: Record<ModeName, Mode> = { append, replace, merge, insert, sync, history }
