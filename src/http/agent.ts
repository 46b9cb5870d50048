/** Connections to servers: to no other address than the one that was checked. */

import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { Agent, buildConnector } from 'undici'
import { sluiceError } from '../errors.ts'
import type { Reach } from './reach.ts'

export interface Timeouts {
  connectMs: number
  /** From the request to the head of the answer. */
  headMs: number
  /** Between two parts of a body. */
  silenceMs: number
}

/** Some servers make a file before they send its first byte. */
export const ordinaryTimeouts: Timeouts = { connectMs: 10_000, headMs: 60_000, silenceMs: 30_000 }

/** To one server. */
const connectionsMax = 16

/**
 * The library asks `lookup` for names only: an address that is written as one is checked before.
 */
export async function createAgent(reach: Reach, timeouts: Timeouts): Promise<Agent> {
  // In the bundle it is the default export that has all of them.
  const { Agent, buildConnector } = (await import('undici')).default
  const { connectMs, headMs, silenceMs } = timeouts
  const connect = buildConnector({
    timeout: connectMs,
    lookup: guardedLookup(reach),
  } as buildConnector.BuildOptions)
  return new Agent({
    connect: (options, done) => {
      const { hostname } = options
      if (isIP(hostname) && !reach.allows(hostname)) done(notAllowed(hostname, hostname), null)
      else connect(options, done)
    },
    connections: connectionsMax,
    headersTimeout: headMs,
    bodyTimeout: silenceMs,
  })
}

/** Resolves once, and gives only addresses that may be reached: the socket connects to one of these. */
function guardedLookup(reach: Reach): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      const allowed = error ? [] : found.filter(({ address }) => reach.allows(address))
      const [first] = allowed
      if (error) done(error, '')
      else if (!first) done(notAllowed(hostname, found[0]?.address ?? ''), '')
      else if (options.all) done(null, allowed)
      else done(null, first.address, first.family)
    })
  }
}

const notAllowed = (host: string, address: string): Error =>
  sluiceError('address_not_allowed', { host, address })
