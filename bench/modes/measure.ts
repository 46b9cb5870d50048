/**
 * What a mode costs beside the SQL that people write for it: a tenth of a table is merged into it, and a
 * table with four indexes is replaced. And what an ingest costs that can be taken back, or whose rows
 * know where they came from, beside one without.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../src/dev/process.ts'
import type { Target } from '../../src/spec/target.ts'
import { whole } from '../grid.ts'
import { ingest, mustComplete } from '../ingest.ts'
import { type BenchOptions, fullRows } from '../options.ts'
import {
  type Measure,
  noiseNote,
  noisiest,
  type Part,
  patiently,
  type Say,
  watched,
} from '../part.ts'
import { findPsql, psqlEnv } from '../psql.ts'
import type { Stack } from '../stack.ts'
import { startWorker } from '../worker.ts'
import {
  copyTemplate,
  countsOf,
  emptyCopy,
  fileQuery,
  indexedCopy,
  makeTemplate,
  mustBeMerged,
  mustHave,
  type Sizes,
} from './data.ts'
import { mergeByHand, onConflict, transaction, truncateAndCopy } from './sides.ts'

interface Turned {
  what: string
  seconds: number
  /** CPU seconds of PostgreSQL, and of Sluice's worker. */
  postgresCpu: number | null
  workerCpu: number | null
  noise: number | null
}

interface Group {
  title: string
  turns: Turned[]
}

export interface ModesPart extends Part {
  concurrency: number
  sizes: Sizes
  groups: Group[]
}

const template = 'bench_modes_template'
const table = 'bench_modes'

/** How a table is made before a turn, and looked at behind it. */
interface Arena {
  stack: Stack
  options: BenchOptions
  sizes: Sizes
  path: string
  say: Say
}

interface Contest {
  title: string
  prepare: () => Promise<void>
  verify: () => Promise<void>
  /** By name: a script of psql, or what the spec says of the target. */
  sides: Record<string, string[] | Partial<Target>>
}

export const modes: Measure<ModesPart> = {
  async measure(stack, options, say) {
    const { rows, concurrency } = options
    if (!(await findPsql())) throw new Error('modes needs psql on the PATH.')
    const sizes = { table: 2 * rows, file: Math.floor(rows / 5) }
    await makeTemplate(stack.db, template, sizes)
    const path = join(stack.folder, 'modes.csv')
    await psql(stack, [`\\copy (${fileQuery(sizes)}) to '${path}' with (format csv, header)`])
    say(`modes a table of ${whole(sizes.table)} rows, and a file of ${whole(sizes.file)}`)
    const groups: Group[] = []
    for (const contest of contestsOf({ stack, options, sizes, path, say })) {
      groups.push(await hold({ stack, options, sizes, path, say }, contest))
    }
    await stack.db.query(`drop table ${template}`)
    const noise = noisiest(groups.flatMap(({ turns }) => turns))
    return { measuredAt: new Date().toISOString(), concurrency, sizes, groups, noise }
  },
  isFull: ({ sizes }) => sizes.table >= 2 * fullRows,
  tell(part) {
    const { rowsInserted, rowsUpdated } = countsOf(part.sizes)
    return {
      title:
        `Modes: a file of ${whole(part.sizes.file)} rows, for the merge into ${whole(part.sizes.table)}, ` +
        `${whole(rowsInserted)} of them new and ${whole(rowsUpdated)} changed; ${part.concurrency} activities at once.`,
      cells: [
        ['what', 'by', 'seconds', '× as fast', 'CPU PostgreSQL', 'CPU worker'],
        ...part.groups.flatMap(({ title, turns }) =>
          turns.map(({ what, seconds, postgresCpu, workerCpu }) => [
            title,
            what,
            seconds.toFixed(2),
            (besideOf(turns) / seconds).toFixed(2),
            postgresCpu?.toFixed(1) ?? '',
            workerCpu?.toFixed(1) ?? '',
          ]),
        ),
      ],
      words: [0, 1],
      notes: [
        '`× as fast` is beside the faster one of what psql does, or beside the first line.',
        ...noiseNote(part),
      ],
    }
  },
}

const isByHand = ({ what }: Turned): boolean => what.startsWith('psql')

function besideOf(turns: readonly Turned[]): number {
  const byHand = turns.filter(isByHand).map(({ seconds }) => seconds)
  return byHand.length > 0 ? Math.min(...byHand) : (turns[0]?.seconds ?? 0)
}

function contestsOf({ stack, sizes, path }: Arena): Contest[] {
  const { db } = stack
  return [
    {
      title: 'merge',
      prepare: () => copyTemplate(db, template, table),
      verify: () => mustBeMerged(db, table, sizes),
      sides: {
        'psql, `insert … on conflict`': onConflict(table, path),
        'psql, `merge`': mergeByHand(table, path),
        Sluice: { mode: 'merge', key: ['id'] },
        'Sluice, `--undo`': { mode: 'merge', key: ['id'], undo: true },
      },
    },
    {
      title: 'replace, four indexes',
      prepare: () => indexedCopy(db, template, table, sizes),
      verify: () => mustHave(db, table, sizes.file),
      sides: {
        'psql, `truncate` and `copy`': truncateAndCopy(table, path),
        Sluice: { mode: 'replace' },
      },
    },
    {
      title: 'append',
      prepare: () => emptyCopy(db, template, table),
      verify: () => mustHave(db, table, sizes.file),
      sides: {
        Sluice: {},
        'Sluice, `--undo`': { undo: true },
        'Sluice, `--add _file,_line`': { schema: 'evolve', add: ['_file', '_line'] },
      },
    },
  ]
}

async function hold(arena: Arena, { title, prepare, verify, sides }: Contest): Promise<Group> {
  const { options, stack, say } = arena
  const turns: Turned[] = []
  for (const [what, side] of Object.entries(sides)) {
    const turned = await patiently(options.patienceSeconds, async () => {
      await prepare()
      const took = Array.isArray(side) ? await byHand(arena, side) : await bySluice(arena, side)
      await verify()
      return { what, ...took }
    })
    say(`modes ${title}: ${what} ${turned.seconds.toFixed(2)} s`)
    turns.push(turned)
  }
  await stack.db.query(`drop table ${table}`)
  return { title, turns }
}

async function byHand(
  { stack, options: { patienceSeconds } }: Arena,
  statements: string[],
): Promise<Omit<Turned, 'what'>> {
  const watch = { workerPid: null, patienceSeconds }
  const { seconds, noise, cpu } = await watched(stack, watch, () => psql(stack, statements))
  return { seconds, noise, postgresCpu: cpu?.postgres ?? null, workerCpu: null }
}

async function bySluice(
  { stack, options: { concurrency, patienceSeconds }, path }: Arena,
  target: Partial<Target>,
): Promise<Omit<Turned, 'what'>> {
  const ingestId = `modes-${Date.now()}`
  const sources = stack.folder
  const worker = await startWorker(stack, { queue: ingestId, concurrency, sources, profiles: null })
  const watch = { workerPid: worker.pid, patienceSeconds }
  const { seconds, noise, cpu } = await watched(stack, watch, async () =>
    mustComplete(await ingest(stack, { ingestId, table, path, target })),
  )
  await worker.stop()
  return {
    seconds,
    noise,
    postgresCpu: cpu?.postgres ?? null,
    workerCpu: cpu?.worker ?? null,
  }
}

/** In one transaction. */
async function psql(stack: Stack, statements: readonly string[]): Promise<void> {
  const script = join(stack.folder, 'modes.sql')
  await writeFile(script, transaction(statements))
  const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', script]
  const { code, output } = await run('psql', args, { env: psqlEnv(stack.databaseUrl) })
  if (code !== 0) throw new Error(`psql failed: ${output.slice(-1000)}`)
}
