/** Options that several commands have, and how their texts are read. */
import { type Command, Option } from 'commander'
import { logLevels } from '../log.ts'
import { integer } from './integer.ts'

export { integer }

export const addJson = (command: Command): Command =>
  command.option('--json', 'print JSON, for machines')

export const addLogLevel = (command: Command): Command =>
  command.addOption(
    new Option('-l, --log-level <level>', 'how much to tell; debug adds stack traces').choices(
      logLevels,
    ),
  )

/** For the commands that are processes of their own. */
export const addLog = (command: Command): Command =>
  addLogLevel(command).addOption(
    new Option('--log-format <format>', 'for people or for machines').choices(['pretty', 'json']),
  )
