/** The workflow bundle, which the SDK makes by webpack: once for each state of the sources. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** @returns its text */
export async function bundleWorkflows(root) {
  const folder = join(root, 'node_modules/.cache/sluice')
  const cached = join(folder, `workflows-${await sourcesHash(root)}.js`)
  const found = await readFile(cached, 'utf8').catch(() => null)
  if (found !== null) return found
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker')
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows/index.ts'),
    workflowInterceptorModules: [join(root, 'workflows/softLimits.ts')],
    // Webpack logs much about a bundle that works: only errors are worth showing.
    logger: new DefaultLogger('ERROR'),
  })
  await mkdir(folder, { recursive: true })
  // Several processes may bundle at once.
  const temporary = `${cached}.${process.pid}`
  await writeFile(temporary, code)
  await rename(temporary, cached)
  return code
}

/** A hash of all that a workflow may import and of the SDK version, which must be the same. */
async function sourcesHash(root) {
  const hash = createHash('sha256')
  hash.update(createRequire(import.meta.url)('@temporalio/workflow/package.json').version)
  for (const folder of ['workflows', 'src/domain', 'src/errors']) {
    const names = await readdir(join(root, folder), { recursive: true })
    for (const name of names.filter((each) => each.endsWith('.ts')).sort()) {
      hash.update(name).update(await readFile(join(root, folder, name)))
    }
  }
  hash.update(await readFile(join(root, 'src/errors.ts')))
  return hash.digest('hex').slice(0, 16)
}
