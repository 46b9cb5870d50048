/**
 * Checks the types as `tsc --noEmit` does, and one rule that needs them: no promise is left alone.
 * Biome has that rule too, but does not see through overloads, such as that of `client.query(…)`;
 * a statement nobody waits for is a lost row. Put `void` before what may run by itself.
 */
import { dirname, relative } from 'node:path'
import ts from 'typescript'

const root = dirname(import.meta.dirname)
const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (problem) => report([problem]) }
const config = ts.getParsedCommandLineOfConfigFile(`${root}/tsconfig.json`, {}, host)
// What a run has found to be right it keeps: the next one looks at what has changed since.
const options = { ...config.options, tsBuildInfoFile: `${root}/.cache/checked.tsbuildinfo` }
const builder = ts.createIncrementalProgram({
  rootNames: config.fileNames,
  options,
  configFileParsingDiagnostics: config.errors,
  createProgram: ts.createSemanticDiagnosticsBuilderProgram,
})
const program = builder.getProgram()
const checker = program.getTypeChecker()

report([
  ...builder.getConfigFileParsingDiagnostics(),
  ...builder.getOptionsDiagnostics(),
  ...builder.getGlobalDiagnostics(),
  ...builder.getSyntacticDiagnostics(),
])
for (;;) {
  const next = builder.getSemanticDiagnosticsOfNextAffectedFile()
  if (!next) break
  report(next.result)
  if (next.affected.statements && !next.affected.isDeclarationFile) {
    findLonePromises(next.affected, next.affected)
  }
}
if (!process.exitCode) builder.emit()

function report(diagnostics) {
  if (diagnostics.length === 0) return
  const format = process.stdout.isTTY
    ? ts.formatDiagnosticsWithColorAndContext
    : ts.formatDiagnostics
  const names = { getCanonicalFileName: (name) => name, getNewLine: () => '\n' }
  console.log(format(diagnostics, { ...names, getCurrentDirectory: () => root }))
  process.exitCode = 1
}

function findLonePromises(file, node) {
  if (ts.isExpressionStatement(node) && isLone(node.expression)) {
    const { line, character } = file.getLineAndCharacterOfPosition(node.getStart())
    const place = `${relative(root, file.fileName)}(${line + 1},${character + 1})`
    console.log(`${place}: nobody waits for this promise: ${node.getText().split('\n')[0]}`)
    process.exitCode = 1
  }
  ts.forEachChild(node, (child) => findLonePromises(file, child))
}

/** @returns whether the value of a statement is a promise that nobody keeps, awaits or catches */
function isLone(expression) {
  const node = ts.skipParentheses(expression)
  if (ts.isConditionalExpression(node)) return isLone(node.whenTrue) || isLone(node.whenFalse)
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken
    const shortCircuits = [
      ts.SyntaxKind.AmpersandAmpersandToken,
      ts.SyntaxKind.BarBarToken,
      ts.SyntaxKind.QuestionQuestionToken,
    ]
    return shortCircuits.includes(kind) && isLone(node.right)
  }
  if (ts.isAwaitExpression(node) || ts.isVoidExpression(node) || handlesRejection(node))
    return false
  return isPromise(checker.getTypeAtLocation(node))
}

/** `.catch(handler)` and `.then(onResult, onRejection)`. */
function handlesRejection(node) {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false
  const method = node.expression.name.text
  const handlers = method === 'then' ? 2 : 1
  return ['then', 'catch'].includes(method) && node.arguments.length >= handlers
}

/** The built-in promise only: Fastify's reply has a `then`, and nobody need wait for it. */
function isPromise(type) {
  if (type.isUnionOrIntersection()) return type.types.some(isPromise)
  const symbol = type.getSymbol()
  if (symbol?.name === 'Promise') {
    return symbol.declarations.some((one) =>
      program.isSourceFileDefaultLibrary(one.getSourceFile()),
    )
  }
  return type.isClassOrInterface() && checker.getBaseTypes(type).some(isPromise)
}
