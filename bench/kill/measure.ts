/**
 * The column that nobody publishes: SIGKILL in the middle of a load, then what its user does.
 *
 * The middle is where the server has written half of what the undisturbed load leaves there, be it
 * committed or not. Which rows are there afterwards, what did it cost beside the same load without a kill, and what
 * was left to do?
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../../src/postgres/db.ts'
import { makeRows, warm } from '../data.ts'
import { type Telling, whole } from '../grid.ts'
import { full } from '../options.ts'
import { type Measure, noiseNote, noisiest, type Part, patiently, watched } from '../part.ts'
import type { Stack } from '../stack.ts'
import { dropTable } from '../tables.ts'
import { celeryVictims, visibilitySeconds } from './celery.ts'
import { dltVictims } from './dlt.ts'
import { psqlVictims } from './psql.ts'
import { sluiceVictims } from './sluice.ts'
import type { Attempt, Counted, Ring, Victim, VictimName } from './victim.ts'

interface KillLine extends Counted {
  victim: VictimName
  label: string
  undisturbedSeconds: number
  /** From the start of the load to the end of all, the kill within. */
  killedSeconds: number
  lostSeconds: number
  /** From the start of the load to the kill. */
  killedAfterSeconds: number
  rowsExpected: number
  todo: string
  noise: number | null
}

export interface KillPart extends Part {
  rows: number
  concurrency: number
  visibilitySeconds: number
  lines: KillLine[]
  skipped: string[]
}

/** One after the other, so that Redis and the Pythons do not stand beside others' turns. */
const finds = [psqlVictims, celeryVictims, dltVictims, sluiceVictims]
const attemptsMax = 3
const lookEveryMs = 10

export const kill: Measure<KillPart> = {
  async measure(stack, { killRows, concurrency, patienceSeconds }, say) {
    const rows = await makeRows(killRows, say)
    await warm(rows)
    const ring: Ring = { stack, rows, concurrency, say }
    const lines: KillLine[] = []
    const skipped: string[] = []
    for (const find of finds) {
      const victims = await find(ring)
      if ('skipped' in victims) {
        skipped.push(`Skipped: ${victims.skipped}`)
        say(`kill    skipped: ${victims.skipped}`)
        continue
      }
      for (const victim of victims) {
        const line = await patiently(patienceSeconds, () => take(stack, victim, patienceSeconds))
        const { label, undisturbedSeconds, killedSeconds } = line
        const seconds = `${undisturbedSeconds.toFixed(2)} s, killed ${killedSeconds.toFixed(2)} s`
        say(`kill    ${label}: ${seconds}, rows ${foundOf(line)}`)
        lines.push(line)
      }
    }
    return {
      measuredAt: new Date().toISOString(),
      rows: rows.sums.rows,
      concurrency,
      visibilitySeconds,
      lines,
      skipped,
      noise: noisiest(lines),
    }
  },
  isFull: ({ rows, skipped }) => rows >= full.killRows && skipped.length === 0,
  tell: (part): Telling => ({
    title:
      'Killed: SIGKILL to what loads when half of the rows are with the server, committed or ' +
      'not; then what its user does.',
    cells: [
      [
        'contender',
        'undisturbed s',
        'with the kill s',
        'lost s',
        'rows expected',
        'rows found',
        'what to do',
      ],
      ...part.lines.map((line) => [
        line.label,
        line.undisturbedSeconds.toFixed(2),
        line.killedSeconds.toFixed(2),
        line.lostSeconds.toFixed(2),
        whole(line.rowsExpected),
        foundOf(line),
        line.todo,
      ]),
    ],
    words: [0, 6],
    notes: [
      ...part.skipped,
      `Celery's visibility timeout is ${part.visibilitySeconds} s here and an hour by default: what a ` +
        'killed worker had not answered for waits for so long, and up to 100 s more.',
      ...noiseNote(part),
    ],
  }),
}

function foundOf({ found, missing, twice }: Counted): string {
  const wrong = [
    ...(missing > 0 ? [`${whole(missing)} missing`] : []),
    ...(twice > 0 ? [`${whole(twice)} twice`] : []),
  ]
  return `${whole(found)}${wrong.length > 0 ? `: ${wrong.join(', ')}` : ''}`
}

async function take(stack: Stack, victim: Victim, patienceSeconds: number): Promise<KillLine> {
  const rowsExpected = victim.rows.sums.rows
  const watch = { workerPid: null, patienceSeconds }
  const calm = await withAttempt(stack, victim, 'calm', (attempt) =>
    watched(stack, watch, () => attempt.load()),
  )
  if (calm.counted.found !== rowsExpected || calm.counted.missing > 0) {
    throw new Error(`${victim.label} loads ${foundOf(calm.counted)}, not ${whole(rowsExpected)}.`)
  }
  for (let no = 1; no <= attemptsMax; no++) {
    const { value, counted } = await withAttempt(stack, victim, `killed_${no}`, (attempt, schema) =>
      watched(stack, watch, () =>
        loadAndKill(attempt, async () => (await writtenBytes(stack.db, schema)) >= calm.bytes / 2),
      ),
    )
    // It was over between two looks.
    if (value.value === null) continue
    return {
      victim: victim.name,
      label: victim.label,
      undisturbedSeconds: calm.value.seconds,
      killedSeconds: value.seconds,
      lostSeconds: value.seconds - calm.value.seconds,
      killedAfterSeconds: value.value,
      rowsExpected,
      ...counted,
      todo: victim.todo(counted),
      noise: noisiest([calm.value, value]),
    }
  }
  throw new Error(`${victim.label} is over before it can be killed: give more --kill-rows.`)
}

/** @returns after how many seconds the kill came; null when the load was over before */
async function loadAndKill(
  attempt: Attempt,
  isHalf: () => Promise<boolean>,
): Promise<number | null> {
  let isOver = false
  const startMs = performance.now()
  const loading = attempt.load().finally(() => {
    isOver = true
  })
  loading.catch(() => {})
  while (!(isOver || (await isHalf()))) await sleep(lookEveryMs)
  if (isOver) {
    await loading
    return null
  }
  await attempt.kill()
  const killedAfterSeconds = (performance.now() - startMs) / 1000
  await attempt.again(loading)
  return killedAfterSeconds
}

async function withAttempt<T>(
  { db }: Stack,
  victim: Victim,
  name: string,
  work: (attempt: Attempt, schema: string) => Promise<T>,
): Promise<{ value: T; counted: Counted; bytes: number }> {
  const schema = `kill_${victim.name}_${name}`
  const table = `${schema}.rows`
  await db.query(`create schema ${schema}`)
  const attempt = await victim.begin(table)
  try {
    const value = await work(attempt, schema)
    const counted = await count(db, table, victim.rows.sums.rows)
    return { value, counted, bytes: await writtenBytes(db, schema) }
  } finally {
    await attempt.close()
    await dropTable(db, table)
    await db.query(`drop schema ${schema} cascade`)
  }
}

/** With what is not committed: of the table, and of Sluice's landing table beside it. */
async function writtenBytes(db: Db, schema: string): Promise<number> {
  const { rows } = await db.query(
    `select coalesce(sum(pg_relation_size(oid)), 0)::bigint as bytes
     from pg_class where relkind = 'r' and relnamespace = $1::regnamespace`,
    [schema],
  )
  return rows[0].bytes
}

/** Ids are from 0 on, each once. */
async function count(db: Db, table: string, rowsExpected: number): Promise<Counted> {
  const { rows } = await db.query(
    `select count(*) as found, count(distinct id) as ids, min(id) as first, max(id) as last
     from ${table}`,
  )
  const { found, ids, first, last } = rows[0]
  if (found > 0 && (Number(first) < 0 || Number(last) >= rowsExpected)) {
    throw new Error(`${table} has ids from ${first} to ${last}, not from 0 to ${rowsExpected}.`)
  }
  return { found, missing: rowsExpected - ids, twice: found - ids }
}
