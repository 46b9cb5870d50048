/** `sluice queues`: the short form of `sluice inspect queues`. */
import type { Command } from 'commander'
import { addView } from './inspect.ts'

export const declare = (command: Command): void => addView(command, 'queues')
