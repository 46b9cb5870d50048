/**
 * What an app imports: `import { defineStep } from 'sluice'`. Compiled, as the worker is that loads
 * the app; in a checkout where nothing is compiled yet, from the source, which takes tsx to read.
 */
import { existsSync } from 'node:fs'

const compiled = '../dist/steps.cjs'
const isThere = existsSync(new URL(compiled, import.meta.url))

export const { defineStep } = await import(isThere ? compiled : '../src/steps/define.ts')
