/** The workflow bundle: built ahead in the image, made once per state of the sources elsewhere. */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundlePath } from '@temporalio/worker'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** @returns where the bundle lies */
export async function workflowBundle(): Promise<WorkflowBundlePath> {
  const built = join(root, 'workflows/bundle.js')
  if (existsSync(built)) return { codePath: built }
  const codePath = join(root, 'node_modules/.cache/sluice', `workflows-${await sourcesHash()}.js`)
  if (existsSync(codePath)) return { codePath }
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows/index.ts'),
    // Webpack logs much about a bundle that works: only errors are worth showing.
    logger: new DefaultLogger('ERROR'),
  })
  await mkdir(join(codePath, '..'), { recursive: true })
  // Several workers may start at once.
  const temporary = `${codePath}.${randomUUID()}`
  await writeFile(temporary, code)
  await rename(temporary, codePath)
  return { codePath }
}

/** A hash of all that a workflow may import and of the SDK version, which must be the same. */
async function sourcesHash(): Promise<string> {
  const hash = createHash('sha256')
  hash.update(createRequire(import.meta.url)('@temporalio/workflow/package.json').version)
  for (const folder of ['workflows', 'src/domain', 'src/errors']) {
    for (const name of (await readdir(join(root, folder))).sort()) {
      hash.update(name).update(await readFile(join(root, folder, name)))
    }
  }
  hash.update(await readFile(join(root, 'src/errors.ts')))
  return hash.digest('hex').slice(0, 16)
}
