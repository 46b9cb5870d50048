/**
 * Which addresses may be connected to. A client names the host, so what is not of the public internet
 * is refused: services of this machine and its network, and what clouds tell of their machines.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { cidrOf } from '../settings/cidr.ts'

/** By IANA's registries of special addresses; the last ones are those of a cloud's own services. */
const private4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '168.63.129.16/32',
]
/** The one part of IPv6 that is given out for the internet, and what in it is not. */
const global6 = '2000::/3'
const private6 = ['2001::/23', '2001:db8::/32', '3fff::/20']

/** Addresses of IPv6 that lead to one of IPv4, and the group at which that one begins. */
const carriers: [cidr: string, at: number][] = [
  ['::/96', 6],
  ['::ffff:0:0/96', 6],
  ['64:ff9b::/96', 6],
  ['2002::/16', 1],
]

export interface Reach {
  /** Whether an address, in its canonical form and without brackets, may be connected to. */
  allows(address: string): boolean
}

/** @param also networks that may be reached though they are private: `10.0.0.0/8` */
export function createReach(also: readonly string[]): Reach {
  const given = listOf(also)
  const closed4 = listOf(private4)
  const open6 = listOf([global6])
  const closed6 = listOf(private6)
  const within = carriers.map(([cidr, at]) => ({ list: listOf([cidr]), at }))
  const allows4 = (address: string) =>
    given.check(address, 'ipv4') || !closed4.check(address, 'ipv4')
  const allows6 = (address: string): boolean => {
    const carrier = within.find(({ list }) => list.check(address, 'ipv6'))
    if (given.check(address, 'ipv6') && !carrier) return true
    if (carrier) return allows4(carriedBy(address, carrier.at))
    return open6.check(address, 'ipv6') && !closed6.check(address, 'ipv6')
  }
  return {
    allows: (address) =>
      isIPv4(address)
        ? allows4(address)
        : isIPv6(address) && allows6(address.split('%')[0] as string),
  }
}

function listOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of cidrs) {
    const { address, prefix, family } = cidrOf(text) ?? {
      address: text,
      prefix: 128,
      family: 'ipv6',
    }
    list.addSubnet(address, prefix, family as 'ipv4' | 'ipv6')
  }
  return list
}

/** The address of IPv4 within one of IPv6: two of its groups, from the given one on. */
function carriedBy(address: string, at: number): string {
  // A URL writes all groups in hexadecimal, the last two too.
  const { hostname } = new URL(`http://[${address}]`)
  const [front = '', back] = hostname.slice(1, -1).split('::')
  const groupsOf = (text: string) => (text === '' ? [] : text.split(':'))
  const before = groupsOf(front)
  const after = groupsOf(back ?? '')
  const middle = Array.from({ length: 8 - before.length - after.length }, () => '0')
  const groups = [...before, ...(back === undefined ? [] : middle), ...after]
  const bytes = groups.slice(at, at + 2).flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
  return bytes.join('.')
}
