/** Free ports on the loopback address. */
import { createServer } from 'node:net'
import { sluiceError } from '../errors.ts'

const host = '127.0.0.1'

/**
 * The wanted port when it is free, else the next free one above it; 0 takes any free port.
 *
 * Another process may take the port before the caller does: a caller that starts a server with it
 * must be ready to ask again.
 */
export async function freePort(wanted: number, except: readonly number[] = []): Promise<number> {
  const last = Math.min(wanted + 1000, 65_535)
  for (let port = wanted; port <= last; port += 1) {
    if (except.includes(port)) continue
    const bound = await bind(port)
    if (bound !== null) return bound
  }
  throw sluiceError('ports_taken', { from: wanted, to: last, host })
}

export const isFree = async (port: number): Promise<boolean> => (await bind(port)) !== null

/** Listens for a moment; gives the port, or null when it belongs to another or is not allowed. */
const bind = (port: number): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES'
      taken ? resolve(null) : reject(error)
    })
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address()
      const bound = typeof address === 'object' && address ? address.port : port
      server.close(() => resolve(bound))
    })
  })
