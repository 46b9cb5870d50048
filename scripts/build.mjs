/**
 * Builds dist/, which is all that the image runs: the compiled sources, the workflow bundle
 * (so that a worker need not run webpack at its start), and the SQL files.
 */
import { spawnSync } from 'node:child_process'
import { cp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'

const root = dirname(import.meta.dirname)
const dist = join(root, 'dist')

await rm(dist, { recursive: true, force: true })
compile()
await bundleWorkflows()
await cp(join(root, 'src/postgres/sql'), join(dist, 'src/postgres/sql'), { recursive: true })

function compile() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(1)
}

async function bundleWorkflows() {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(dist, 'workflows/index.js'),
    logger: new DefaultLogger('WARN'),
  })
  await writeFile(join(dist, 'workflows/bundle.js'), code)
}
