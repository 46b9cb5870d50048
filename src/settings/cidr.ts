/** Networks as people write them: `10.0.0.0/8`, `fd00::/8`, or one address. */
import { isIP } from 'node:net'

interface Cidr {
  address: string
  prefix: number
  family: 'ipv4' | 'ipv6'
}

/** @returns null for what is no network */
export function cidrOf(text: string): Cidr | null {
  const [, address = '', given] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? []
  const version = isIP(address)
  if (version === 0) return null
  const bits = version === 4 ? 32 : 128
  const prefix = given === undefined ? bits : Number(given)
  return prefix > bits ? null : { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' }
}
