/** `sluice connections`, and `sluice connections test NAME` */
import type { Command } from 'commander'
import { readConfig } from '../../config.ts'
import type { Listed } from '../../connections/index.ts'
import { toJson, visible } from '../../domain/visible.ts'
import { createTransport } from '../../http/transport.ts'
import { colors } from '../colors.ts'
import { readConnections } from '../connections.ts'
import { addJson, addLogLevel } from '../options.ts'
import { interruptible } from '../signals.ts'
import { table } from '../text.ts'

export function declare(command: Command): void {
  command.action(list)
  addJson(command)
  addLogLevel(command)
  const test = command
    .command('test')
    .description('use a connection of this machine once')
    .argument('<name>', 'the connection')
    .action(tryOne)
  addJson(test)
  addLogLevel(test)
}

async function list({ json }: { json?: boolean }): Promise<void> {
  const connections = await (await readConnections(readConfig())).list()
  if (json) return console.log(toJson({ connections }, 2))
  if (connections.length === 0) {
    return console.log(
      'This machine has no connections. docs/configuration.md says how to have one.',
    )
  }
  const head = ['CONNECTION', 'KIND', 'LEADS TO', 'DESCRIBED IN']
  console.log(table([head, ...visible(connections).map(rowOf)]))
}

const rowOf = ({ name, kind, to, from, problem }: Listed): string[] => [
  name,
  kind ?? '',
  problem === null ? (to ?? '') : colors.red(problem),
  from,
]

async function tryOne(name: string, _: object, command: Command): Promise<void> {
  const { json } = command.optsWithGlobals<{ json?: boolean }>()
  const config = readConfig()
  const connections = await readConnections(config)
  const transport = createTransport(config)
  const words = () => 'Nothing is left of the test.'
  const came = await interruptible(words, (signal) =>
    connections.test(name, { transport, signal }),
  ).finally(() => transport.close())
  console.log(json ? toJson({ connection: name, result: came }, 2) : `${name}: ${came}`)
}
