import { readConfig } from '../src/config.ts'
import { createLog } from '../src/log.ts'
import { runWorker } from '../src/worker/run.ts'

const config = readConfig()
const arg = (n: string) => process.argv[process.argv.indexOf(n) + 1] as string
await runWorker({
  temporal: { address: config.temporal.address as string, namespace: 'default' },
  databaseUrl: config.databaseUrl as string,
  stageDir: config.stageDir,
  sourceRoots: config.sourceRoots,
  queues: [arg('--queue')],
  concurrency: Number(arg('--concurrency')),
  log: createLog('info', 'pretty'),
})
