/**
 * Compiles the loops in AssemblyScript into modules that hold them, which are committed: a build needs no compiler of
 * AssemblyScript. `--check` only says whether they are what the sources say.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import asc from 'assemblyscript/asc'

const root = join(import.meta.dirname, '..')
const modules = [
  {
    name: 'walkWasm',
    made: 'src/formats/csv/walkWasm.ts',
    sources: ['src/formats/csv/simd/walk.ts', 'src/formats/csv/simd/fields.ts'],
  },
  {
    name: 'rowsWasm',
    made: 'src/formats/csv/rowsWasm.ts',
    sources: ['src/formats/csv/simd/rows.ts'],
  },
  {
    name: 'jsonWasm',
    made: 'src/formats/jsonWasm.ts',
    sources: ['src/formats/jsonSimd/main.ts'],
  },
]
const options = ['--outFile', 'out.wasm', '--runtime', 'stub', '--enable', 'simd', '-O3']

for (const { name, made, sources } of modules) {
  const text = `/** Written by scripts/wasm.mjs from ${sources.join(' and ')}. Do not edit it by hand. */
export const ${name} =
  '${(await compiled(sources)).toString('base64')}'
`
  const there = await readFile(join(root, made), 'utf8').catch(() => '')
  if (!process.argv.includes('--check')) await writeFile(join(root, made), text)
  else if (there !== text) {
    console.log(`${made} is not what ${sources.join(' and ')} say: npm run wasm`)
    process.exitCode = 1
  }
}

async function compiled(sources) {
  let binary
  const { error, stderr } = await asc.main([...sources, ...options, '--noAssert', '--converge'], {
    readFile: (name, base) => readFile(join(root, base, name), 'utf8').catch(() => null),
    writeFile: (name, content) => {
      if (name === 'out.wasm') binary = content
    },
    listFiles: () => [],
  })
  if (error) throw new Error(`${sources.join(' and ')} do not compile:\n${stderr.toString()}`)
  return Buffer.from(binary)
}
