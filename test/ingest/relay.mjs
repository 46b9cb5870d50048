/**
 * Passes on connections, as `[{"from": {"path": "/tmp/s"}, "to": {"host": "127.0.0.1", "port": 5432}}]`
 * says, and runs a command meanwhile, if there is one: test/ingest/apart.test.ts.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const [plan, ...command] = process.argv.slice(2)

for (const { from, to } of JSON.parse(plan)) {
  const server = createServer({ allowHalfOpen: true }, (one) => {
    const other = connect({ ...to, allowHalfOpen: true })
    for (const [socket, peer] of [
      [one, other],
      [other, one],
    ]) {
      socket.on('error', () => peer.destroy())
      socket.on('close', () => peer.destroy())
      socket.pipe(peer)
    }
  })
  await once(server.listen(from), 'listening')
}
process.stdout.write('relay ready\n')
if (command.length > 0) {
  const child = spawn(command[0], command.slice(1), { stdio: 'inherit' })
  child.on('exit', (code) => process.exit(code ?? 1))
}
