/** `sluice pause|resume|cancel ID` */

import type { Command } from 'commander'
import { readConfig } from '../../config.ts'
import { toJson } from '../../domain/visible.ts'
import type { Steered } from '../../ingests/view.ts'
import { createClient } from '../client.ts'
import { addJson, addLogLevel } from '../options.ts'
import { needApi } from '../settings.ts'

type Verb = 'pause' | 'resume' | 'cancel'

const asked = {
  pause: 'is asked to pause: units that a worker has begun end, no more begin',
  resume: 'is asked to go on',
  cancel: 'is asked to end: its target stays as it was',
}
const holds = {
  pause: 'is paused: units that a worker has begun end, no more begin',
  resume: 'goes on',
}

export const steering = (verb: Verb) => ({
  declare(command: Command): void {
    command.argument('<id>', 'the ingest').action(async (id: string, { json }) => {
      const view = await createClient(needApi(readConfig()), { json }).steer(id, verb)
      if (json) console.log(toJson(view, 2))
      else console.log(`${id} ${answerOf(verb, view)}.`)
    })
    addJson(command)
    addLogLevel(command)
  },
})

function answerOf(verb: Verb, view: Steered): string {
  if (view.endedAt) return `is ${view.state}`
  if (verb === 'cancel') return asked.cancel
  if (view.holds) return holds[verb]
  return `${asked[verb]}; ${view.waiting ?? 'a worker has not taken it up yet'}`
}
