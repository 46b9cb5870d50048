/** `sluice pause|resume|cancel ID` */

import type { Command } from 'commander'
import { readConfig } from '../../config.ts'
import { toJson } from '../../domain/visible.ts'
import { createClient } from '../client.ts'
import { addJson, addLogLevel } from '../options.ts'
import { needApi } from '../settings.ts'

type Verb = 'pause' | 'resume' | 'cancel'

const told = {
  pause: 'is asked to pause: units that a worker has begun end, no more begin',
  resume: 'is asked to go on',
  cancel: 'is asked to end: its target stays as it was',
}

export const steering = (verb: Verb) => ({
  declare(command: Command): void {
    command.argument('<id>', 'the ingest').action(async (id: string, { json }) => {
      const view = await createClient(needApi(readConfig()), { json }).steer(id, verb)
      if (json) console.log(toJson(view, 2))
      else console.log(`${id} ${view.endedAt ? `is ${view.state}` : told[verb]}.`)
    })
    addJson(command)
    addLogLevel(command)
  },
})
