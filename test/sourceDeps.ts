/** What sources work with in a test. */
import { createConnections } from '../src/connections/index.ts'
import { createTransport, type Transport } from '../src/http/transport.ts'
import type { SourceDeps, UploadedFiles } from '../src/sources/source.ts'

/** Servers of tests are on this machine. */
export const loopback = ['127.0.0.0/8', '::1/128']

const noUploads: UploadedFiles = {
  stat: async () => null,
  open: async () => {
    throw new Error('there are no uploads')
  },
  sha256: async () => null,
}

interface Given {
  roots?: string[]
  uploads?: UploadedFiles
  transport?: Transport
  /** As in a settings file. */
  connections?: Record<string, unknown>
  env?: Record<string, string>
}

export function sourceDeps({
  roots = [],
  uploads = noUploads,
  transport = createTransport({ allowPrivate: loopback }),
  connections: settings = {},
  env = {},
}: Given = {}): SourceDeps {
  const places = { variables: new Map<string, string>(), folder: null, settings }
  const connections = createConnections(places, (name) => env[name])
  // As if the target had all types.
  const knownTypes = async (types: readonly string[]) => new Set(types)
  return { roots, uploads, transport, connections, knownTypes }
}
