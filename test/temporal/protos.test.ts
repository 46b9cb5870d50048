/** The messages of the bundle, see scripts/lazyProtos.mjs, beside those of the SDK. */
import { createRequire } from 'node:module'
import type { Enum, Field, ReflectionObject, Type } from 'protobufjs/light.js'
import { expect, test } from 'vitest'
import { lazyProtos } from '../../scripts/lazyProtos.mjs'
import { readPackages } from '../../scripts/protos.mjs'

// biome-ignore lint/suspicious/noExplicitAny: two trees of a thousand messages.
type Tree = Record<string, any>

type Done = (error: null, data: Uint8Array) => void

const packages = readPackages()
const all = Object.entries(packages)
  // The SDK's own root has no place for a package that is called options.
  .filter(([packageName]) => !packageName.endsWith('.options'))
  .flatMap(([packageName, declared]) =>
    Object.keys(declared).map((name) => `${packageName}.${name}`),
  )
const real: Tree = createRequire(import.meta.url)('@temporalio/proto')
const lazy = () => lazyProtos(packages) as Tree
const at = (tree: Tree, fullName: string): Tree =>
  fullName.split('.').reduce((place, word) => place[word], tree)

/** What an enum has is plain. */
const isA = (name: string, value: Tree): boolean =>
  Reflect.get(value, 'constructor')?.className === name
const isType = (value: Tree): boolean => isA('Type', value)

/** A value for each field, and messages within messages as deep as `depth`. */
function example(type: Type, depth: number): Tree {
  const filled = type.fieldsArray.map((field) => [field.name, exampleOf(field, depth)])
  return Object.fromEntries(filled.filter(([, value]) => value !== undefined))
}

function exampleOf(field: Field, depth: number): unknown {
  const type = field.resolve().resolvedType as ReflectionObject | null
  const inner = type as unknown as Tree | null
  const one = () => {
    if (inner && isType(inner)) return depth > 0 ? example(type as Type, depth - 1) : undefined
    if (inner) return Object.values((type as Enum).values).at(-1)
    if (field.type === 'string') return `${field.name} é`
    if (field.type === 'bytes') return Buffer.from(field.name)
    if (field.type === 'bool') return true
    return field.id
  }
  const value = one()
  if (value === undefined) return undefined
  if (field.map) return { key: value }
  return field.repeated ? [value, value] : value
}

test('every message is written, read and described as that of the SDK', () => {
  const tree = lazy()
  const differing = all.filter((fullName) => {
    const [wanted, found] = [at(real, fullName), at(tree, fullName)]
    // Services have a test of their own.
    if (isA('Service', wanted)) return false
    if (!isType(wanted)) return JSON.stringify(found) !== JSON.stringify(wanted)
    const given = example(wanted as Type, 1)
    const bytes = (type: Tree) => Buffer.from(type.encode(type.fromObject(given)).finish())
    const read = (type: Tree) => JSON.stringify(type.toObject(type.decode(bytes(wanted))))
    return !bytes(found).equals(bytes(wanted)) || read(found) !== read(wanted)
  })
  // That one can write an option of one's own into a .proto is for those who compile it.
  expect(differing.filter((name) => !/^google\.protobuf\.\w+Options$/.test(name))).toEqual([])
  expect(all.length).toBeGreaterThan(900)
})

test('a message can be the first that is asked for', () => {
  const some = all.filter((_, no) => no % 8 === 0)
  const failed = some.filter((fullName) => {
    const found = at(lazy(), fullName)
    return isType(found) && !found.setup()
  })
  expect(failed).toEqual([])
})

test('each method of a service sends its own request, and reads its own response', async () => {
  const services = all.filter((fullName) => isA('Service', at(real, fullName)))
  const askAll = async (tree: Tree) => {
    const asked: unknown[] = []
    for (const fullName of services) {
      const client = at(tree, fullName).create((method: Tree, data: Uint8Array, done: Done) => {
        asked.push([method.name, data.length, method.resolvedResponseType.fullName])
        done(null, Buffer.alloc(0))
      })
      const methods = Object.keys(
        packages[fullName.slice(0, fullName.lastIndexOf('.'))]?.[
          fullName.slice(fullName.lastIndexOf('.') + 1)
        ]?.methods ?? {},
      )
      for (const name of methods) {
        const answer = await client[name[0]?.toLowerCase() + name.slice(1)]({})
        asked.push(answer.constructor.name)
      }
    }
    return asked
  }
  const wanted = await askAll(real)
  expect(wanted.length).toBeGreaterThan(300)
  expect(await askAll(lazy())).toEqual(wanted)
})

test('a type is found by the name that a payload gives it, and no other', () => {
  const tree = lazy()
  const name = 'temporal.api.sdk.v1.ExternalStorageReference'
  expect(tree.lookupType(name).fullName).toBe(`.${name}`)
  for (const other of ['temporal.api.Nothing', '__proto__.toString', 'x', '']) {
    expect(() => tree.lookupType(other)).toThrow('no such type')
  }
})
