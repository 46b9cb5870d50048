/** The examples of docs/errors.md: each record is a reject with the code and the error beside it. */
import { expect, test } from 'vitest'
import { fill } from '../../src/errors/fill.ts'
import { otherReject, type RejectRow, rejectTable } from '../../src/errors/rejects.ts'
import { anyRejects, build } from '../harness.ts'

const harness = await build(anyRejects)

/** `\xE9` is that byte. */
const bytesOf = (record: string): Buffer =>
  Buffer.from(
    record.replaceAll(/\\x(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )

test('each example is rejected with its code and its error', async () => {
  const rows: [string, RejectRow][] = [...Object.entries(rejectTable), ['23502', otherReject]]
  const examples = rows.flatMap(([code, { record, message, example = {} }]) =>
    record === undefined ? [] : [{ code, record, error: fill(message, example) }],
  )
  expect(examples.length).toBeGreaterThan(7)
  await harness.db.query('create table priced (id bigint not null, amount numeric)')
  await harness.startWorker()
  for (const { code, record, error } of examples) {
    const good = Buffer.from('id,amount\n1,1.5\n2,2.5\n3,\n')
    const content = Buffer.concat([good, bytesOf(record), Buffer.from('\n9,9.5\n')])
    const path = await harness.file(`${code}.csv`, content)
    const view = await harness.ingest({
      source: { kind: 'directory', path },
      format: { kind: 'csv', repeatedHeaders: 'reject', encoding: 'utf-8' },
      target: { table: 'priced' },
    })
    expect({ record, ...view }).toMatchObject({ record, state: 'completed', rowsLoaded: 4 })
    expect(await harness.rejects(view.ingestId)).toMatchObject([{ line: 5, code, error }])
  }
})
