'use strict'
/**
 * Keeps what V8 has compiled of dist/ for the next process of the same command: a fifth of the CPU
 * that a worker takes until its first ingest has ended is compiling. Since Node 22 `module.enableCompileCache` does it.
 *
 * V8 refuses what another version of it has made, or the same with other flags: each has a folder.
 * Whether the source is the same it knows by its length only, so the name of what is kept has the
 * time and the size of the file.
 */
const fs = require('node:fs')
const Module = require('node:module')
const { basename, dirname, join } = require('node:path')
const { cachedDataVersionTag } = require('node:v8')
const { constants, Script } = require('node:vm')
const { isMainThread } = require('node:worker_threads')
const { crc32 } = require('node:zlib')

const dist = join(__dirname, '../dist/')
const all = join(__dirname, '../.cache/compiled')
const sumBytes = 4
const keptMs = 7 * 24 * 3_600_000

/** @param command each one runs other functions of the files that they share */
function keepCompiled(command) {
  if (Module.enableCompileCache) {
    Module.enableCompileCache(all)
    return
  }
  // The maps of what goes through here would not be found.
  const words = [...process.execArgv, process.env.NODE_OPTIONS].join(' ')
  if (words.includes('--enable-source-maps')) return
  const folder = join(all, String(cachedDataVersionTag()), command)
  const added = new Map()
  const compile = Module.prototype._compile
  Module.prototype._compile = function compileOrFind(content, filename) {
    if (!filename.startsWith(dist)) return compile.call(this, content, filename)
    const { size, mtimeMs } = fs.statSync(filename)
    const path = join(folder, `${basename(filename, '.cjs')}-${size}-${mtimeMs}`)
    const cachedData = read(path)
    const script = new Script(Module.wrap(content), {
      filename,
      cachedData,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    })
    if (cachedData === undefined || script.cachedDataRejected) added.set(path, script)
    const run = script.runInThisContext()
    const require = Module.createRequire(filename)
    return run.call(this.exports, this.exports, require, this, filename, dirname(filename))
  }
  // A thread finds what its process has kept, and has run less of it.
  if (!isMainThread) return
  process.once('exit', (code) => {
    // One that failed has run little of what others will.
    if (code === 0 && added.size > 0) keep(folder, added)
  })
}

/** @returns nothing if it is not there, or not whole */
function read(path) {
  try {
    const kept = fs.readFileSync(path)
    const data = kept.subarray(sumBytes)
    return crc32(data) === kept.readUInt32LE() ? data : undefined
  } catch {
    return undefined
  }
}

function keep(folder, added) {
  try {
    fs.mkdirSync(folder, { recursive: true })
    for (const name of fs.readdirSync(all, { recursive: true })) {
      const kept = fs.statSync(join(all, name))
      if (kept.isFile() && Date.now() - kept.mtimeMs > keptMs) fs.rmSync(join(all, name))
    }
    for (const [path, script] of added) {
      const data = script.createCachedData()
      const sum = Buffer.alloc(sumBytes)
      sum.writeUInt32LE(crc32(data))
      // Others read and write it too: it is there whole or not at all.
      const temporary = `${path}.${process.pid}`
      fs.writeFileSync(temporary, Buffer.concat([sum, data]))
      fs.renameSync(temporary, path)
    }
  } catch {
    // A folder that is not ours, or a disk that is full: the next process compiles again.
  }
}

module.exports = { keepCompiled }
