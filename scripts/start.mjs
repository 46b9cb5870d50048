/**
 * `npm start`: installs what is missing, then runs `sluice up` with whatever arguments came along
 * (`npm start -- my.csv --into public.trips`).
 *
 * In this process, not in one below it: a Ctrl-C then reaches `up` itself, which stops its parts.
 */
import { join } from 'node:path'
import { setup } from './setup.mjs'

const root = import.meta.dirname
const program = join(root, '..', 'bin', 'sluice.js')

try {
  await setup()
} catch (error) {
  console.error(`setup  failed. ${error.message}`)
  process.exit(1)
}
process.argv.splice(1, 1, program, 'up')
await import('../bin/sluice.js')
