/** The API as a process: opens what it works with, listens, and closes it all again. */

import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import type { Client } from '@temporalio/client'
import type { Connections } from '../connections/index.ts'
import type { UploadLimits } from '../domain/upload.ts'
import type { Deaths } from '../domain/worker.ts'
import { deadWorkersFinder, keepLooking } from '../fleet/deadWorkers.ts'
import { createTransport } from '../http/transport.ts'
import type { Logger } from '../log.ts'
import { databaseError, openDb } from '../postgres/db.ts'
import { readJanitorFacts } from '../postgres/ledger/janitor.ts'
import { readLedgerId } from '../postgres/ledger/settings.ts'
import { Listener } from '../postgres/listener.ts'
import { migrate } from '../postgres/migrate.ts'
import { channels } from '../postgres/notify.ts'
import { openForOne } from '../postgres/ownSession.ts'
import type { StageSetting } from '../settings/stage.ts'
import type { TemporalServer } from '../settings/temporal.ts'
import { readSettings } from '../settings.ts'
import { claimStage } from '../stage/claim.ts'
import { openStage } from '../stage/open.ts'
import { connectTemporal } from '../temporal/connect.ts'
import { keepJanitor } from '../temporal/janitor.ts'
import { ensureSearchAttributes } from '../temporal/searchAttributes.ts'
import { buildApp } from './app.ts'
import type { App } from './deps.ts'

export interface ApiOptions {
  databaseUrl: string
  temporal: TemporalServer
  stage: StageSetting
  /** Has the login of a stage that names one. */
  connections: Connections
  /** Networks that it may reach though they are private. */
  allowPrivate?: string[]
  /** How much clients may send; as much as they like if absent. */
  uploads?: UploadLimits
  /** What a directory source asks for; nothing when absent. */
  token?: string
  /** The Temporal Web UI, for links. */
  uiUrl: string | null
  host: string
  port: number
  /** Takes the next free port when this one is taken. */
  stepOver: boolean
  /** The settings file; null for the one in the working directory, if it is there. */
  settingsPath?: string | null
  /** How often the janitor runs; 0 for never. If absent, this API does not keep its schedule. */
  janitorMs?: number
  /** Whether it looks for workers that died, and hands on what they had in hand. */
  findsDead: boolean
  log: Logger
}

export interface RunningApi {
  /** Where clients of this machine reach it. */
  url: string
  port: number
  /** Lets requests under way end, for a while, and closes every connection. */
  close(): Promise<void>
}

const connectionsMax = 10
const closeTimeoutMs = 15_000
const stepsMax = 1000

/** @throws database_unavailable, postgres_too_old, temporal_unavailable, stage_refused, stage_unavailable */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const undo: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const app = await open(options, undo)
    const port = await listen(app, options)
    undo.push(() => closeApp(app))
    const host = options.host.includes(':') ? `[${options.host}]` : options.host
    const isAny = options.host === '0.0.0.0' || options.host === '::'
    return { url: `http://${isAny ? '127.0.0.1' : host}:${port}`, port, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function open(options: ApiOptions, undo: (() => Promise<unknown>)[]): Promise<App> {
  const { databaseUrl, uiUrl, log, janitorMs: everyMs, token = null } = options
  const settings = await readSettings(options.settingsPath ?? null)
  const db = openDb(databaseUrl, { max: connectionsMax, name: 'sluice api' })
  undo.push(() => db.end())
  await migrate(db).catch((error) => {
    throw databaseError(error)
  })
  const temporal = await connectTemporal(options.temporal)
  undo.push(() => temporal.connection.close())
  const attributes = await ensureSearchAttributes(temporal)
  if (everyMs !== undefined) {
    const facts = () => readJanitorFacts(db)
    const stop = keepJanitor({
      client: async () => temporal,
      facts,
      queue: () => null,
      everyMs,
      log,
    })
    undo.push(async () => stop())
  }
  const own = openForOne(databaseUrl, 'sluice api listen')
  const listener = new Listener(own, [channels.ingests, channels.answers], log)
  undo.push(() => listener.close())
  const deaths = options.findsDead ? lookForDead({ listener, temporal, log }, undo) : undefined
  const { namespace } = options.temporal
  const transport = createTransport({ allowPrivate: options.allowPrivate ?? [] })
  undo.push(() => transport.close())
  const stage = await openStage(options.stage, { ...options, transport })
  await claimStage(stage, await readLedgerId(db), log)
  const known = { attributes, token, uiUrl, namespace, settings }
  return buildApp({ db, listener, temporal, stage, ...known, ...(deaths && { deaths }), log })
}

/** The last worker that dies has no other one that could notice. */
function lookForDead(
  { listener, temporal, log }: { listener: Listener; temporal: Client; log: Logger },
  undo: (() => Promise<unknown>)[],
): Deaths {
  const finder = deadWorkersFinder({
    session: listener,
    client: async () => temporal,
    instance: randomUUID(),
    worker: `api ${process.pid}@${hostname()}`,
    log,
  })
  undo.push(keepLooking(finder, log))
  return finder.deaths
}

async function listen(app: App, { host, port, stepOver }: ApiOptions): Promise<number> {
  for (let step = 0; ; step++) {
    try {
      await app.listen({ host, port: port + step })
      return (app.server.address() as AddressInfo).port
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const isTaken = code === 'EADDRINUSE' || (code === 'EACCES' && stepOver)
      if (!isTaken || !stepOver || port === 0 || step >= stepsMax) throw error
    }
  }
}

async function closeApp(app: App): Promise<void> {
  const overdue = setTimeout(() => app.server.closeAllConnections(), closeTimeoutMs)
  await app.close().finally(() => clearTimeout(overdue))
}
