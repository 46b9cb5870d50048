/** Starts a thread from the sources, in a checkout; from dist/ its own file is all that it needs. */
import { workerData } from 'node:worker_threads'

const { register } = await import('tsx/esm/api')
register()
await import(workerData.entry)
