/**
 * Makes dist/ for the processes that tests start: what `npm run build` makes, but without its check
 * of types, and only of the sources that changed since. A process starts from dist/ with a third
 * of the CPU time that tsx takes, and a test run starts several hundred.
 */
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { workflowBundle } from '../src/worker/bundle.ts'
import { dist, outputOf, root } from './dist.ts'

const configs = ['tsconfig.json', 'tsconfig.build.json'].map((name) => join(root, name))
const sqlFolder = 'src/postgres/sql'
/** Apps of tests. Those of examples/ are run from their sources. */
const apps = ['test/api/stepsApp.ts', 'test/steps/app.ts'].map((name) => join(root, name))

export async function compile(): Promise<void> {
  const { fileNames, options } = settings()
  // A single file does not tell that package.json makes it a module.
  const module = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }
  const compilerOptions = { ...options, ...module }
  const changedMs = Math.max(...(await Promise.all(configs.map(modifiedMs))))
  const one = async (file: string) => {
    const output = outputOf(file)
    const madeMs = await modifiedMs(output)
    if (madeMs > changedMs && madeMs > (await modifiedMs(file))) return
    const source = await readFile(file, 'utf8')
    const made = ts.transpileModule(source, { fileName: file, compilerOptions })
    await mkdir(dirname(output), { recursive: true })
    await writeFile(`${output}.map`, made.sourceMapText ?? '')
    await writeFile(output, made.outputText)
  }
  const files = [...fileNames, ...apps]
  await Promise.all([removeOthers(files.map(outputOf)), ...files.map(one)])
  await cp(join(root, sqlFolder), join(dist, sqlFolder), { recursive: true })
  // A worker takes the bundle beside its workflows for the right one.
  const { codePath } = await workflowBundle()
  await cp(codePath, join(dist, 'workflows/bundle.js'))
}

function settings(): ts.ParsedCommandLine {
  const onUnRecoverableConfigFileDiagnostic = ({ messageText }: ts.Diagnostic) => {
    throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'))
  }
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic }
  return ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.build.json'), {}, host)!
}

/** 0 when there is no such file. */
const modifiedMs = (path: string): Promise<number> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )

/** A module whose source has gone would still be found. */
async function removeOthers(outputs: string[]): Promise<void> {
  const wanted = new Set(outputs)
  const found = await readdir(dist, { recursive: true }).catch(() => [])
  for (const name of found) {
    const path = join(dist, name)
    if (path.endsWith('.js') && !wanted.has(path)) await rm(path)
  }
}
