#!/usr/bin/env -S node --max-semi-space-size=4
/**
 * Starts the command line: from the sources in a checkout (through tsx), from dist/ in the image.
 * SLUICE_DIST=1 takes dist/ in a checkout as well.
 *
 * Rows go through a worker in short-lived buffers: with a small young generation its memory stays
 * some 40 MB smaller, at the same speed (npm run bench -- sluice).
 */
import { existsSync } from 'node:fs'

const isThere = (path) => existsSync(new URL(path, import.meta.url))

async function start() {
  const inCheckout = isThere('../src/cli/index.ts') && process.env.SLUICE_DIST !== '1'
  if (inCheckout && isThere('../node_modules/tsx')) {
    const { register } = await import('tsx/esm/api')
    register()
    await import('../src/cli/index.ts')
  } else if (isThere('../dist/src/cli/index.js')) {
    process.setSourceMapsEnabled(true)
    await import('../dist/src/cli/index.js')
  } else {
    fail(inCheckout ? 'Nothing is installed yet.' : 'There is no dist/: run npm run build first.')
  }
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
