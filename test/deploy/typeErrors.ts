/**
 * Checks manifests against the types of the Kubernetes API, with the TypeScript compiler: in an
 * object that is written out, a field that is unknown, missing or of another type is an error.
 */
import { join } from 'node:path'
import ts from 'typescript'

export interface Manifest {
  apiVersion: string
  kind: string
}

const modules: Record<string, string> = {
  v1: 'kubernetes-types/core/v1',
  'apps/v1': 'kubernetes-types/apps/v1',
  'networking.k8s.io/v1': 'kubernetes-types/networking/v1',
  'policy/v1': 'kubernetes-types/policy/v1',
  'keda.sh/v1alpha1': './keda',
}

const options: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  types: [],
}

/** @returns what is wrong, each with the line that it is about */
export function typeErrors(manifests: Manifest[]): string[] {
  const source = manifests.map((manifest, index) => {
    const type = `import('${modules[manifest.apiVersion]}').${manifest.kind}`
    return `export const manifest${index}: ${type} = ${JSON.stringify(manifest, null, 1)}\n`
  })
  // Only in memory, and here: so that packages are found.
  const path = join(import.meta.dirname, 'manifests.ts')
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  host.getSourceFile = (name, target, ...rest) =>
    name === path
      ? ts.createSourceFile(name, source.join(''), target)
      : getSourceFile(name, target, ...rest)
  const program = ts.createProgram([path], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, ': ')
    const line = file?.text.slice(start).split('\n')[0]
    return `${line}: ${message}`
  })
}
