/** What lazyProtos.mjs makes Temporal's messages of: each by itself, with what it refers to. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs/light.js'

/** @returns the source of a module that is what `@temporalio/proto` exports */
export const lazyProtosModule = () => `
  const { lazyProtos } = require('sluice:lazyProtos')
  module.exports = lazyProtos(JSON.parse(${JSON.stringify(JSON.stringify(readPackages()))}))`

/** @returns what lazyProtos.mjs takes */
export function readPackages() {
  const { json, root } = readProtos()
  const packages = {}
  for (const [packageName, declared] of packagesOf(json)) {
    const at = root.lookup(`.${packageName}`)
    const entries = Object.entries(declared)
      // An extension is what the others' options are written in, and nobody reads these.
      .filter(([, each]) => each.id === undefined)
      .map(([name, each]) => [name, entryOf(at.get(name), each)])
    packages[packageName] = Object.fromEntries(entries)
  }
  return packages
}

/** The SDK has them as the JSON that a root is made from, in a module. */
function readProtos() {
  const path = join(import.meta.dirname, '../node_modules/@temporalio/proto/protos/json-module.js')
  const [, text] = /\.addJSON\((\{.*\})\);/s.exec(readFileSync(path, 'utf8')) ?? []
  if (text === undefined) throw new Error(`${path} is not written as it was.`)
  const json = JSON.parse(text)
  return { json, root: protobuf.Root.fromJSON({ nested: json }).resolveAll() }
}

const isPackage = ({ fields, values, methods, id }) =>
  [fields, values, methods, id].every((each) => each === undefined)

/** Packages lie in one another; given are those that declare something. */
function* packagesOf(nested, path = []) {
  const declared = {}
  for (const [name, each] of Object.entries(nested)) {
    if (isPackage(each)) yield* packagesOf(each.nested ?? {}, [...path, name])
    else declared[name] = each
  }
  if (Object.keys(declared).length > 0) yield [path.join('.'), declared]
}

function entryOf(made, json) {
  if (json.methods === undefined)
    return { json: JSON.stringify(json), refersTo: [...refersTo(made)] }
  const methods = Object.entries(json.methods).map(
    ([name, { options, parsedOptions, ...method }]) => {
      const { resolvedRequestType, resolvedResponseType } = made.get(name)
      const types = [resolvedRequestType, resolvedResponseType].map(outermost)
      return [name, { json: JSON.stringify(method), refersTo: [...new Set(types)] }]
    },
  )
  const own = JSON.stringify({ ...json, methods: {} })
  return { json: own, refersTo: [], methods: Object.fromEntries(methods) }
}

/** What the fields of a message hold, and those of the messages within it. */
function refersTo(made) {
  const found = new Set()
  for (const { resolvedType } of made.fieldsArray ?? []) {
    if (resolvedType) found.add(outermost(resolvedType))
  }
  for (const nested of made.nestedArray ?? []) {
    for (const each of refersTo(nested)) found.add(each)
  }
  return found
}

/** The full name of what a message lies in, which a package declares. */
function outermost(type) {
  let at = type
  while (at.parent.fieldsArray !== undefined) at = at.parent
  return at.fullName.slice(1)
}
