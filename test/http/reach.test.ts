/** Which addresses may be connected to. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { createReach } from '../../src/http/reach.ts'
import { createTransport } from '../../src/http/transport.ts'

const { signal } = new AbortController()

test.each([
  ...['1.1.1.1', '8.8.8.8', '172.15.0.1', '172.32.0.1', '192.167.1.1', '223.255.255.255'],
  ...['2606:4700:4700::1111', '2a00:1450:4001:80b::200e', '::ffff:8.8.8.8', '64:ff9b::808:808'],
  '2002:808:808::1',
])('%s is of the public internet', (address) => {
  expect(createReach([]).allows(address)).toBe(true)
})

test.each([
  ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.0.9'],
  ...['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.168.1.1', '192.0.0.8', '198.18.0.1'],
  ...['203.0.113.7', '224.0.0.1', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
  ...['::', '::1', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '100::1'],
  ...['2001:db8::1', '2001::1', '64:ff9b:1::1', '5f00::1', '4000::1'],
  ...[
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::10.0.0.1',
  ],
  ...['2002:7f00:1::', '2002:a9fe:a9fe::1', '2002:0a00:0001::', 'localhost', '', '1.1.1.1.nip.io'],
])('%s is not', (address) => {
  expect(createReach([]).allows(address)).toBe(false)
})

test('networks that are allowed are reached, and no other ones', () => {
  const { allows } = createReach(['10.1.0.0/16', 'fd00::/8', '127.0.0.1'])
  const reached = ['10.1.2.3', 'fd12::1', '127.0.0.1', '::ffff:10.1.2.3', '8.8.8.8']
  expect(reached.filter((address) => !allows(address))).toEqual([])
  const others = ['10.2.0.1', 'fe80::1', '127.0.0.2', '::ffff:10.2.0.1', '::1']
  expect(others.filter(allows)).toEqual([])
})

const asked: string[] = []
const server = createServer((request, response) => {
  asked.push(request.url as string)
  const [, to] = /^\/to\/(.*)$/.exec(request.url as string) ?? []
  if (to === undefined) response.end('secret')
  else response.writeHead(302, { location: decodeURIComponent(to) }).end()
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo
afterAll(() => server.close())

const ask = (url: string, allowPrivate: string[] = []) =>
  createTransport({ allowPrivate }).send({ url: new URL(url), signal })

test.each([
  ...['127.0.0.1', '2130706433', '0x7f000001', '0177.0.0.1', '127.1', '0', '[::1]', 'localhost'],
  ...[
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '127.0.0.1.',
  ],
])('no request goes to http://%s', async (host) => {
  asked.length = 0
  await expect(ask(`http://${host}:${port}/`)).rejects.toMatchObject({
    code: 'address_not_allowed',
  })
  expect(asked).toEqual([])
})

test.each([
  'http://169.254.169.254/latest/meta-data/',
  'http://[::1]/',
  'http://[fd00:ec2::254]/',
  'http://0x7f.2/',
])('no redirect leads to %s', async (to) => {
  const from = `http://127.0.0.1:${port}/to/${encodeURIComponent(to)}`
  await expect(ask(from, ['127.0.0.1'])).rejects.toMatchObject({ code: 'address_not_allowed' })
})
