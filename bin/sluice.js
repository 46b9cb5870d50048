#!/usr/bin/env -S node --max-semi-space-size=4
/**
 * Starts the command line, which is compiled: dist/sluice.cjs. In a checkout a source that changed is
 * compiled first, see scripts/build.mjs; SLUICE_DIST=1 takes dist/ as it is.
 *
 * Rows go through a worker in short-lived buffers: with a small young generation its memory stays
 * some 40 MB smaller, at the same speed (npm run bench -- sluice).
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

const isThere = (path) => existsSync(new URL(path, import.meta.url))
const isCheckout = isThere('../src/cli/index.ts') && process.env.SLUICE_DIST !== '1'
const words = process.argv.slice(2)

async function start() {
  if (isCheckout && isThere('../node_modules/esbuild')) {
    const { bringUpToDate } = await import('../scripts/build.mjs')
    await bringUpToDate()
  }
  if (!isThere('../dist/sluice.cjs')) {
    fail(isCheckout ? 'Nothing is installed yet.' : 'There is no dist/: run npm run build first.')
    return
  }
  if (isCheckout && loadsApp() && isThere('../node_modules/tsx')) {
    const { register } = await import('tsx/esm/api')
    register()
  }
  const require = createRequire(import.meta.url)
  // A map takes longer to read than its file: only for those who want to read a stack.
  if (/ (--log-level|-l)[ =]debug\b/.test(` ${words.join(' ')}`)) process.setSourceMapsEnabled(true)
  else require('./keepCompiled.cjs').keepCompiled(/^[a-z][a-z-]*$/.exec(words[0])?.[0] ?? 'sluice')
  require('../dist/sluice.cjs')
}

/** The app of a worker may be TypeScript. */
function loadsApp() {
  return words.includes('worker') && words.some((word) => /^(-A|--app)/.test(word))
}

function fail(problem) {
  console.error(`sluice: ${problem} In a fresh clone, run npm start (or npm ci) first.`)
  process.exitCode = 1
}

await start().catch((error) => {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !/^Cannot find package/.test(error.message))
    throw error
  fail(`${error.message.split(' imported from ')[0]}.`)
})
