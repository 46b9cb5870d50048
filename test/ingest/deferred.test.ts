/** Deferred triggers, which run at the commit: what they refuse is told of the table. */
import { expect, test } from 'vitest'
import { build } from '../harness.ts'

const harness = await build()
await harness.startWorker()

test.each([
  { mode: 'append', atomic: true },
  { mode: 'append', atomic: false },
  { mode: 'replace', atomic: true },
] as const)('they see all rows, and what they refuse names the table: %j', async (how) => {
  const table = `balance_${how.mode}_${how.atomic}`
  await harness.db.query(`
    create table ${table} (account text, amount numeric);
    create function ${table}_is_even() returns trigger language plpgsql as $$ begin
      if (select sum(amount) <> 0 from ${table}) then raise 'the books do not balance'; end if;
      return null;
    end $$;
    create constraint trigger even after insert on ${table}
      deferrable initially deferred for each row execute function ${table}_is_even()`)
  const load = async (name: string, content: string) => {
    const path = await harness.file(`${table}-${name}.csv`, content)
    return harness.ingest({ source: { kind: 'directory', path }, target: { table, ...how } })
  }
  const good = await load('good', 'account,amount\na,5\nb,-5\n')
  expect(good).toMatchObject({ state: 'completed', rowsLoaded: 2, error: null })
  const bad = await load('bad', 'account,amount\na,5\nb,-4\n')
  expect(bad.error).toMatchObject({
    code: 'target_refused',
    message: expect.stringMatching(new RegExp(`${table}.*the books do not balance`)),
  })
  const { rows } = await harness.db.query(`select count(*) as rows from ${table}`)
  expect(rows).toEqual([{ rows: 2 }])
})
