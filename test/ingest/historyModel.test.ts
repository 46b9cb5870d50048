/** Histories beside a model in memory, and two of one table at once. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changesOf, judged } from './judged.ts'

const { harness, ingest, mustAddUp } = await judged()

interface Row {
  id: number | null
  v: number | null
  /** A day of January 2026. */
  at: number | null
  no: number | null
  gone: boolean
}

const small = (max: number) => fc.option(fc.integer({ min: 1, max }), { freq: 8 })
const aRow = fc.record<Row>({
  id: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 12 }),
  v: small(2),
  at: small(6),
  no: small(3),
  gone: fc.boolean(),
})
const anIngest = fc.record({
  isDated: fc.boolean(),
  ordered: fc.boolean(),
  retires: fc.boolean(),
  rows: fc.array(aRow, { minLength: 1, maxLength: 10 }),
})
type Ingest = typeof anIngest extends fc.Arbitrary<infer I> ? I : never

interface Period extends Pick<Row, 'v' | 'at' | 'no'> {
  from: number
  to: number | null
}
type Table = Map<number, Period[]>
type Keyed = Row & { id: number }

const rank = (value: number | null) => value ?? 0
const isOlder = (ours: readonly (number | null)[], theirs: readonly (number | null)[]) => {
  const at = ours.findIndex((value, index) => value !== theirs[index])
  return at >= 0 && rank(ours[at] ?? null) < rank(theirs[at] ?? null)
}

/** The row that stands for each time of a key; without dates there is one time. */
function winnersOf(rows: readonly Keyed[], { isDated, ordered }: Ingest): Keyed[] {
  const winners = new Map<number, Keyed>()
  for (const row of rows) {
    const time = isDated ? rank(row.at) : 0
    const best = winners.get(time)
    if (!best || !ordered || !isOlder([row.no], [best.no])) winners.set(time, row)
  }
  return [...winners].sort(([one], [other]) => one - other).map(([, row]) => row)
}

interface Known {
  /** The time of the publish, which is later than any day of January. */
  now: number
  /** The last period of the key before the ingest. */
  last: Period | undefined
  /** All rows of the key. */
  all: readonly Keyed[]
}

/** When a version begins to be valid; null for one that is older than what is there. */
function timeOf(row: Keyed, step: Ingest, { last, all, now }: Known): number | null {
  const { isDated } = step
  const order = ({ at, no }: Pick<Row, 'at' | 'no'>) => [
    ...(isDated ? [at] : []),
    ...(step.ordered ? [no] : []),
  ]
  if (last && isOlder(order(row), order(last))) return null
  if (!isDated) return Math.max(now, last?.from ?? 0, last?.to ?? 0)
  const at = rank(row.at)
  if (!last || at >= (last.to ?? last.from)) return at
  if (last.to !== null && !step.retires) return null
  const isNewest = all.every((other) => rank(other.at) <= at)
  return isNewest ? Math.max(now, last.from, last.to ?? 0) : null
}

type What = 'inserted' | 'updated' | 'unchanged' | 'deleted'

function change(periods: Period[], { v, at, no, gone }: Keyed, time: number): What {
  const last = periods.at(-1)
  const isLive = last?.to === null
  if (gone) {
    if (isLive) last.to = time
    return isLive ? 'deleted' : 'unchanged'
  }
  if (isLive && last.v === v && last.at === at && last.no === no) return 'unchanged'
  if (last?.from === time) periods.pop()
  else if (isLive) last.to = time
  periods.push({ v, at, no, from: time, to: null })
  return isLive ? 'updated' : 'inserted'
}

/** Nothing is retired as long as a record has no key. @returns how many are */
function retire(table: Table, { retires, rows }: Ingest, now: number): number {
  if (!retires || rows.some(({ id }) => id === null)) return 0
  const live = [...table].flatMap(([id, periods]) => {
    const last = periods.at(-1)
    return last?.to === null && !rows.some((row) => row.id === id) ? [last] : []
  })
  for (const last of live) last.to = Math.max(now, last.from)
  return live.length
}

function apply(table: Table, step: Ingest, now: number) {
  const { isDated } = step
  const deleted = retire(table, step, now)
  const counts = { inserted: 0, updated: 0, unchanged: 0, deleted }
  const keyed = step.rows.filter((row): row is Keyed => row.id !== null)
  const ids = new Set(keyed.map(({ id }) => id))
  const sound = keyed.filter(({ at }) => !isDated || at !== null)
  let loaded = 0
  for (const id of ids) {
    const all = sound.filter((row) => row.id === id)
    const periods = table.get(id) ?? []
    const before = periods.at(-1)
    const last = before && { ...before }
    for (const row of winnersOf(all, step)) {
      const time = timeOf(row, step, { last, all, now })
      if (time === null) continue
      loaded++
      counts[change(periods, row, time)]++
    }
    if (periods.length > 0) table.set(id, periods)
  }
  const rejected = step.rows.length - sound.length
  return { ...counts, rejected, loaded, superseded: sound.length - loaded }
}

/** Times as their places among all times: those of a publish are not foretold. */
function ranked(periods: (Omit<Period, 'from'> & { id: number; from: number })[]) {
  const times = [...new Set(periods.flatMap(({ from, to }) => [from, to ?? from]))]
  const places = new Map(times.sort((a, b) => a - b).map((time, at) => [time, at]))
  return periods
    .map(({ from, to, ...rest }) => {
      return { ...rest, from: places.get(from), to: to === null ? null : places.get(to) }
    })
    .sort((a, b) => a.id - b.id || (a.from ?? 0) - (b.from ?? 0))
}

let tables = 0

test('history does what a model does', { timeout: 120_000 }, async () => {
  const ingests = fc.array(anIngest, { minLength: 2, maxLength: 4 })
  const property = fc.asyncProperty(ingests, async (steps) => {
    const name = `model_${tables++}`
    await harness.db.query(`create table ${name} (id int, v int, at date, no int,
        valid_from timestamptz, valid_to timestamptz, is_current bool, primary key (id, valid_from));
      create unique index on ${name} (id) where is_current`)
    const table: Table = new Map()
    for (const [now, step] of steps.entries()) {
      const expected = apply(table, step, 100 + now)
      const lines = step.rows.map(({ id, v, at, no, gone }) =>
        [id ?? '', v ?? '', at === null ? '' : `2026-01-0${at}`, no ?? '', gone].join(','),
      )
      const view = await ingest(name, `id,v,at,no,gone\n${lines.join('\n')}\n`, {
        target: {
          ...{ mode: 'history', key: ['id'], deleteWhen: 'gone' },
          ...(step.isDated && { validFrom: 'at' }),
          ...(step.ordered && { orderBy: ['no'] }),
          ...(step.retires && { retireAbsent: true, maxDeletes: '100%' }),
        },
      })
      expect(view.error).toBeNull()
      expect({
        ...changesOf(view),
        superseded: view.rowsSuperseded,
      }).toEqual(expected)
      await mustAddUp(view.ingestId)
      const { rows } = await harness.db.query(
        `select id, v, extract(day from at)::int as at, no, is_current = (valid_to is null) as sound,
                extract(epoch from valid_from)::float as "from",
                extract(epoch from valid_to)::float as "to" from ${name}`,
      )
      const modelled = [...table].flatMap(([id, periods]) =>
        periods.map((period) => ({ id, sound: true, ...period })),
      )
      expect(ranked(rows)).toEqual(ranked(modelled))
    }
  })
  await fc.assert(property, { seed: 45, numRuns: 10 })
})

test('two histories of a new table at once: one period follows the other', async () => {
  const views = await Promise.all(
    [1, 2].map(async (v) => {
      const lines = Array.from({ length: 300 }, (_, n) => `${n + v * 100},${v}`)
      const path = await harness.file(`twins-${v}.csv`, `id,v\n${lines.join('\n')}\n`)
      const target = { table: 'twins', mode: 'history' as const, key: ['id'] }
      return harness.ingest({ source: { kind: 'directory', path }, target })
    }),
  )
  for (const view of views) {
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 300, error: null })
    await mustAddUp(view.ingestId)
  }
  const sum = (name: 'rowsInserted' | 'rowsUpdated') =>
    views.reduce((all, view) => all + (view[name] ?? 0), 0)
  expect([sum('rowsInserted'), sum('rowsUpdated')]).toEqual([400, 200])
  const { rows } = await harness.db.query(
    `select count(*) as rows, count(distinct id) as ids, count(*) filter (where is_current) as current,
            count(distinct v) filter (where id between 200 and 399 and is_current) as winners,
            count(*) filter (where not is_current and not exists (
              select from twins n where n.id = t.id and n.valid_from = t.valid_to and n.is_current
            )) as loose
     from twins t`,
  )
  expect(rows).toEqual([{ rows: 600, ids: 400, current: 400, winners: 1, loose: 0 }])
})
