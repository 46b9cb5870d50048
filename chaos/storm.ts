/** The long form: rounds of random ingests under random faults, each accounted for. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { IngestSpec } from '../src/spec/spec.ts'
import { checkCounts, checkLeft, checkStage, checkTarget } from './account.ts'
import { dismiss } from './cell.ts'
import { decide, type IngestChoice, type Round, show } from './decide.ts'
import { type Ground, withOwnPostgres, withOwnTemporal } from './ground.ts'
import { seeded } from './random.ts'
import { type Crop, writeSource } from './rows.ts'
import { openScene, type Scene } from './scene.ts'
import { strike } from './strike.ts'
import { until } from './until.ts'

/** The table that every append goes to. */
const shared = 'appended'

/** @returns whether every account added up */
export async function storm(
  ground: Ground,
  { minutes, seed }: { minutes: number; seed: number },
  say: (line: string) => void,
): Promise<boolean> {
  say(`seed ${seed}, ${minutes} minutes`)
  const own = await withOwnTemporal(await withOwnPostgres(ground, 'storm'), 'storm')
  const scene = await openScene(own, 'storm', { hasSteps: true })
  return await rage(scene, { minutes, seed }, say).finally(() => scene.close())
}

async function rage(
  scene: Scene,
  { minutes, seed }: { minutes: number; seed: number },
  say: (line: string) => void,
): Promise<boolean> {
  await scene.db.query(`create table ${shared} (id integer, name text, amount numeric)`)
  const field: Field = { scene, appended: [], nextId: 1, seed, rounds: 0, ingests: 0 }
  const random = seeded(seed)
  const endMs = Date.now() + minutes * 60_000
  while (Date.now() < endMs) {
    const round = decide(random)
    const startMs = Date.now()
    const problems = await play(field, round).catch((error) => [error.message])
    const seconds = Math.round((Date.now() - startMs) / 1000)
    say(`round ${String(field.rounds).padStart(3)}  ${show(round)} | ${seconds} s`)
    if (problems.length > 0) {
      say(`WRONG in round ${field.rounds}; the same decisions again: --minutes N --seed ${seed}`)
      for (const line of [JSON.stringify(round, null, 2), ...problems, ...(await logs(scene))]) {
        console.error(line)
      }
      return false
    }
  }
  say(`${field.rounds} rounds, ${field.ingests} ingests, every account adds up (seed ${seed})`)
  return true
}

interface Field {
  scene: Scene
  /** What lies in the shared table. */
  appended: Crop[]
  nextId: number
  seed: number
  rounds: number
  ingests: number
}

interface Sown {
  ingestId: string
  choice: IngestChoice
  table: string
  crop: Crop
}

async function play(field: Field, round: Round): Promise<string[]> {
  const { scene } = field
  field.rounds++
  // Those of the last round have left.
  scene.workers.splice(0)
  const sown: Sown[] = []
  for (const choice of round.ingests) sown.push(await sow(field, choice))
  await Promise.all(
    Array.from({ length: round.workers }, () => scene.startWorker(round.concurrency)),
  )
  const striking = (async () => {
    for (const fault of round.faults) await strike(scene, round, { ...fault, table: shared })
  })()
  const problems: string[] = []
  await Promise.all([striking, ...sown.map((one) => start(scene, one))])
  for (const one of sown) {
    const { ingestId, choice, table, crop } = one
    const view = await scene.ended(ingestId)
    problems.push(...(await checkCounts(scene, { view, crop, expected: { state: 'completed' } })))
    if (choice.mode === 'append') field.appended.push(crop)
    else problems.push(...(await checkTarget(scene, table, [crop])))
  }
  problems.push(
    ...(await checkTarget(scene, shared, field.appended)),
    ...(await checkStage(scene.stageDir)),
    ...(await dismiss(scene)),
    ...(await checkLeft(scene)),
  )
  if (problems.length === 0) await clear(scene, sown)
  return problems
}

/** Writes the files, and makes the table where there must be one. */
async function sow(field: Field, choice: IngestChoice): Promise<Sown> {
  const { scene, seed } = field
  const { mode, files, rows, bad, broken } = choice
  const number = ++field.ingests
  const folder = join(scene.folder, `source-${number}`)
  const firstId = field.nextId
  field.nextId += files * rows
  const crop = await writeSource({ folder, files, rows, bad, broken, firstId })
  const table = mode === 'append' ? shared : `${mode}_${number}`
  if (mode === 'replace') {
    await scene.db.query(`create table ${table} (id integer, name text, amount numeric);
      insert into ${table} select -n, 'old', n from generate_series(1, 10) as n`)
  }
  return { ingestId: `storm-${seed}-${number}`, choice, table, crop }
}

/** A server may be down just then: whoever starts an ingest asks again, with the same id. */
async function start(scene: Scene, { ingestId, choice, table, crop }: Sown): Promise<void> {
  const { mode, hasStep, parallelism, startsAfterMs } = choice
  await sleep(startsAfterMs)
  const spec: IngestSpec = {
    id: ingestId,
    source: { kind: 'directory', path: crop.path },
    // Bad rows stay bad rows: without it they would make their columns text.
    target: { table, mode: mode === 'replace' ? 'replace' : 'append', schema: 'freeze' },
    parallelism,
    ...(hasStep && { steps: ['copy'] }),
  }
  const isStarted = async () => (await scene.start(spec)) === ingestId
  await until(isStarted, { what: `the start of ${ingestId}`, timeoutMs: 120_000 })
}

async function clear({ db }: Scene, sown: Sown[]): Promise<void> {
  for (const { choice, table, crop } of sown) {
    if (choice.mode !== 'append') await db.query(`drop table ${table}`)
    await rm(join(crop.path, '..'), { recursive: true })
  }
}

const logs = ({ workers }: Scene): Promise<string[]> =>
  Promise.all(workers.map(async ({ pid, printed }) => `worker ${pid}:\n${await printed()}`))
