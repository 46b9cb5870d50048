/**
 * What an app imports: `import { defineStep } from 'sluice'`. From the sources in a checkout,
 * where tsx reads them, from dist/ in the image; see sluice.js.
 */
import { existsSync } from 'node:fs'

const isThere = (path) => existsSync(new URL(path, import.meta.url))
const inCheckout = isThere('../src/steps/define.ts') && process.env.SLUICE_DIST !== '1'
const path = inCheckout ? '../src/steps/define.ts' : '../dist/src/steps/define.js'

export const { defineStep } = await import(path)
