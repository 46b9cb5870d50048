/** A PostgreSQL that is too old is refused in words of our own, before anything else is asked of it. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openDb } from '../../src/postgres/db.ts'
import { migrate } from '../../src/postgres/migrate.ts'
import { mustBeNewEnough } from '../../src/postgres/version.ts'

const answer = (version: string, number: number) => ({
  query: async () => ({ rows: [{ version, number }] }),
})

test.each([
  ['9.6.24', 90624],
  ['14.23', 140023],
  ['16.14', 160014],
])('%s is too old', async (version, number) => {
  await expect(mustBeNewEnough(answer(version, number) as never)).rejects.toMatchObject({
    code: 'postgres_too_old',
    message: expect.stringContaining(version),
  })
})

test.each([
  ['17.0', 170000],
  ['18.4', 180004],
])('%s will do', async (version, number) => {
  await mustBeNewEnough(answer(version, number) as never)
})

const message = (type: string, ...parts: (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const ready = message('Z', 'I')
const int16 = (value: number) => Buffer.from([value >> 8, value & 255])
const field = (name: string) =>
  Buffer.concat([
    Buffer.from(`${name}\0`),
    Buffer.alloc(6),
    Buffer.from([0, 0, 0, 25]),
    Buffer.alloc(8),
  ])
const value = (text: string) =>
  Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)])

/** What PostgreSQL 14 says to us: of the settings that we ask for it does not know a function. */
function talk(socket: Socket): void {
  socket.once('data', () => {
    socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ready]))
    socket.on('data', (asked) => {
      const isOfVersion = asked.includes('server_version_num')
      const fields = [int16(2), field('version'), field('number')]
      const row = [int16(2), value('14.23'), value('140023')]
      const reply = isOfVersion
        ? [message('T', ...fields), message('D', ...row), message('C', 'SELECT 1\0')]
        : [message('E', 'SERROR\0C42883\0Mfunction has_parameter_privilege does not exist\0\0')]
      socket.write(Buffer.concat([...reply, ready]))
    })
  })
  socket.on('error', () => {})
}

test('one that does not know the settings that we ask for', async () => {
  const server = createServer(talk).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const db = openDb(`postgres://me@127.0.0.1:${port}/old`, { max: 2, name: 'test' })
  onTestFinished(async () => {
    await db.end()
    server.close()
  })
  const tooOld = { code: 'postgres_too_old', message: expect.stringContaining('14.23') }
  await expect(db.query('select 1')).rejects.toMatchObject(tooOld)
  await expect(migrate(db)).rejects.toMatchObject(tooOld)
})
