/** Connections: places that are named in specs, and described where the workers run. */
import { problemOf } from '../domain/schemaProblems.ts'
import { messageOf, sluiceError } from '../errors.ts'
import type { ConnectionKind, TestDeps } from './connection.ts'
import { type HttpConnection, http } from './http.ts'
import { namePattern } from './name.ts'
import { type ConnectionPlaces, type Described, describedIn } from './places.ts'
import { type PostgresConnection, postgres } from './postgres.ts'
import { type S3Connection, s3 } from './s3.ts'
import { type Variable, withSecrets } from './secrets.ts'

/** The kinds. One more is a file of its own, and a line here and in `OfKind`. */
const kinds: { [K in Kind]: ConnectionKind<OfKind[K]> } = { http, postgres, s3 }

interface OfKind {
  http: HttpConnection
  postgres: PostgresConnection
  s3: S3Connection
}
type Kind = keyof OfKind

/** A connection as everybody may see it. */
export interface Listed {
  name: string
  kind: string | null
  /** Where it is described. */
  from: string
  /** Where it leads; null where that cannot be told. */
  to: string | null
  problem: string | null
}

export interface Connections {
  /**
   * What is described under a name, with its secrets: read anew each time, so that a secret may
   * change.
   * @throws connection_unknown, connection_invalid
   */
  get<K extends Kind>(name: string, kind: K): Promise<OfKind[K]>
  /** All of them, without a secret. */
  list(): Promise<Listed[]>
  /** @throws connection_unknown, connection_invalid, and what is wrong with it */
  test(name: string, deps: Omit<TestDeps, 'name' | 'variable'>): Promise<string>
  /** Reads a variable of this process: what programs of a store look for where no connection is named. */
  variable: Variable
}

/** @param variable reads a variable that a connection names as the place of a secret */
export function createConnections(places: ConnectionPlaces, variable: Variable): Connections {
  const find = async (name: string): Promise<Described> => {
    const all = await describedIn(places)
    const found = all.get(name)
    if (found) return found
    const known = [...all.keys()].sort().slice(0, 20).join(', ') || 'none'
    throw sluiceError('connection_unknown', { name, known })
  }
  const read = async (name: string) => checked(await find(name), variable)
  return {
    async get(name, kind) {
      const found = await read(name)
      if (found.kind === kind) return found as never
      throw invalid(name, `its kind is ${found.kind}, and this source needs ${kind}`)
    },
    async list() {
      const all = [...(await describedIn(places)).values()]
      all.sort((a, b) => (a.name < b.name ? -1 : 1))
      return Promise.all(all.map((each) => listed(each, variable)))
    },
    async test(name, deps) {
      const found = await read(name)
      return kindOf(found).test(found, { ...deps, name, variable })
    },
    variable,
  }
}

type Checked = OfKind[Kind]

const kindOf = ({ kind }: Checked) => kinds[kind] as ConnectionKind<Checked>

const invalid = (name: string, problem: string): Error =>
  sluiceError('connection_invalid', { name, problem })

async function listed(described: Described, variable: Variable): Promise<Listed> {
  const { name, from } = described
  try {
    const found = await checked(described, variable)
    return { name, kind: found.kind, from, to: kindOf(found).shown(found), problem: null }
  } catch (error) {
    return { name, kind: null, from, to: null, problem: messageOf(error) }
  }
}

/** @throws connection_invalid */
async function checked({ name, read }: Described, variable: Variable): Promise<Checked> {
  if (!namePattern.test(name)) {
    throw invalid(name, 'its name is not of small letters, digits and _, with a letter in front')
  }
  const found = await read()
  if ('problem' in found) throw invalid(name, found.problem)
  const refuse = (problem: string) => invalid(name, problem)
  const value = await withSecrets(found.value, { variable, refuse })
  const { kind } = (value ?? {}) as { kind?: string }
  const known = Object.keys(kinds).join(', ')
  if (typeof kind !== 'string') throw invalid(name, `it lacks kind, one of ${known}`)
  if (!Object.hasOwn(kinds, kind)) throw invalid(name, `its kind is none of ${known}`)
  const checks = kindOf(value as Checked)
  const problem = problemOf(checks.options, value) ?? checks.problemOf?.(value as Checked)
  if (problem) throw invalid(name, problem)
  return value as Checked
}
