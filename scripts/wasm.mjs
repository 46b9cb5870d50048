/**
 * Compiles src/formats/csv/simd into src/formats/csv/walkWasm.ts, which is committed: a build needs no compiler of
 * AssemblyScript. `--check` only says whether it is what the sources say.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import asc from 'assemblyscript/asc'

const root = join(import.meta.dirname, '..')
const sources = ['src/formats/csv/simd/walk.ts', 'src/formats/csv/simd/fields.ts']
const made = 'src/formats/csv/walkWasm.ts'

let binary
const options = ['--outFile', 'walk.wasm', '--runtime', 'stub', '--enable', 'simd', '-O3']
const { error, stderr } = await asc.main([...sources, ...options, '--noAssert', '--converge'], {
  readFile: (name, base) => readFile(join(root, base, name), 'utf8').catch(() => null),
  writeFile: (name, content) => {
    if (name === 'walk.wasm') binary = content
  },
  listFiles: () => [],
})
if (error) throw new Error(`${sources} do not compile:\n${stderr.toString()}`)

const text = `/** Written by scripts/wasm.mjs from simd. Do not edit it by hand. */
export const walkWasm =
  '${Buffer.from(binary).toString('base64')}'
`
const there = await readFile(join(root, made), 'utf8').catch(() => '')
if (!process.argv.includes('--check')) await writeFile(join(root, made), text)
else if (there !== text) {
  console.log(`${made} is not what ${sources} say: npm run wasm`)
  process.exitCode = 1
}
