/**
 * Brings dist/ up to date for the processes that tests start, and compiles the apps of tests beside
 * it. Those of examples/ are run from their sources.
 */
import { join } from 'node:path'
import { build, stop } from 'esbuild'
import { bringUpToDate } from '../scripts/build.mjs'
import { dist, root } from './dist.ts'

const apps = ['test/api/stepsApp.ts', 'test/steps/app.ts']

export async function compile(): Promise<void> {
  await bringUpToDate()
  await build({
    absWorkingDir: root,
    entryPoints: apps,
    outdir: join(dist, 'test'),
    outbase: 'test',
    format: 'esm',
    target: 'node20.19',
  })
  await stop()
}
