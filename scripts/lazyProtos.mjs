/**
 * Temporal's messages for the bundle: each is made when somebody asks for it, with all that it
 * refers to. There are a thousand of them, and to make all took each process a tenth of a second,
 * and each thread for workflows as long again. Each is as in the SDK's own root, which
 * test/temporal/protos.test.ts compares.
 */
import protobuf from 'protobufjs/light.js'

const { Enum, Method, Root, rpc, Service } = protobuf

/**
 * @param packages by name, and in them whatever they declare: its JSON, and the full names of what
 *   it refers to; see protos.mjs
 * @returns what `@temporalio/proto` exports
 */
export function lazyProtos(packages) {
  const root = new Root()
  const tree = treeOf(packages, (packageName, name) => {
    make(`${packageName}.${name}`)
    const made = root.lookup(`.${packageName}`).get(name)
    if (made instanceof Service) return lazyService(made, packages[packageName][name], make)
    return made instanceof Enum ? made.values : made
  })

  const find = (fullName) => {
    const [packageName, name] = split(fullName)
    const declared = Object.hasOwn(packages, packageName) ? packages[packageName] : {}
    return Object.hasOwn(declared, name) ? declared[name] : undefined
  }

  const made = new Set()
  function make(fullName) {
    const waiting = [fullName]
    while (waiting.length > 0) {
      const next = waiting.pop()
      if (made.has(next)) continue
      made.add(next)
      const { json, refersTo } = find(next)
      const [packageName, name] = split(next)
      root.define(packageName).addJSON({ [name]: JSON.parse(json) })
      waiting.push(...refersTo)
    }
  }

  return Object.assign(tree, {
    // How the SDK knows a root. It makes another one of what it imports, and looks for types there.
    constructor: LazyRoot,
    lookupType(fullName) {
      if (find(fullName) === undefined) throw new Error(`no such type: ${fullName}`)
      make(fullName)
      return root.lookupType(`.${fullName}`)
    },
  })
}

function LazyRoot() {}
LazyRoot.className = 'Root'

/** @param make gives what is to stand at a name, when that is read for the first time */
function treeOf(packages, make) {
  const tree = {}
  for (const [packageName, declared] of Object.entries(packages)) {
    let place = tree
    for (const word of packageName.split('.')) place = place[word] ??= {}
    for (const name of Object.keys(declared)) {
      once(place, name, () => make(packageName, name))
    }
  }
  return tree
}

function split(fullName) {
  const at = fullName.lastIndexOf('.')
  return [fullName.slice(0, at), fullName.slice(at + 1)]
}

function once(object, name, make) {
  const give = (value) => Object.defineProperty(object, name, { value, enumerable: true })
  Object.defineProperty(object, name, {
    get: () => give(make())[name],
    enumerable: true,
    configurable: true,
  })
}

/** Of its methods a process calls a few: each is made by its first call. */
function lazyService(service, { methods }, make) {
  const create = (...args) => {
    const client = new rpc.Service(...args)
    for (const [name, { json, refersTo }] of Object.entries(methods)) {
      once(client, name[0].toLowerCase() + name.slice(1), () => {
        for (const each of refersTo) make(each)
        const method = service.get(name) ?? Method.fromJSON(name, JSON.parse(json))
        if (!method.parent) service.add(method)
        method.resolve()
        const [request, response] = [method.resolvedRequestType, method.resolvedResponseType]
        return function call(...rest) {
          return rpc.Service.prototype.rpcCall.call(
            this,
            method,
            request.ctor,
            response.ctor,
            ...rest,
          )
        }
      })
    }
    return client
  }
  return Object.defineProperty(service, 'create', { value: create })
}
