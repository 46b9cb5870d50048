/** The examples of docs/errors.md: each of them is a reject with the code beside it. */
import { expect, test } from 'vitest'
import { otherReject, type RejectRow, rejectTable } from '../../src/errors/rejects.ts'
import { anyRejects, build } from '../harness.ts'

const harness = await build(anyRejects)

/** `\xE9` is that byte. */
const bytesOf = (example: string): Buffer =>
  Buffer.from(
    example.replaceAll(/\\x(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )

test('each example is rejected with its code', async () => {
  const rows: [string, RejectRow][] = [...Object.entries(rejectTable), ['23502', otherReject]]
  const examples = rows.flatMap(([code, { example }]) => (example ? [{ code, example }] : []))
  expect(examples.length).toBeGreaterThan(7)
  await harness.db.query('create table priced (id bigint not null, amount numeric)')
  await harness.startWorker()
  for (const { code, example } of examples) {
    const good = Buffer.from('id,amount\n1,1.5\n2,2.5\n3,\n')
    const content = Buffer.concat([good, bytesOf(example), Buffer.from('\n9,9.5\n')])
    const path = await harness.file(`${code}.csv`, content)
    const view = await harness.ingest({
      source: { kind: 'directory', path },
      format: { kind: 'csv', repeatedHeaders: 'reject', encoding: 'utf-8' },
      target: { table: 'priced' },
    })
    expect({ example, ...view }).toMatchObject({ example, state: 'completed', rowsLoaded: 4 })
    const found = (await harness.rejects(view.ingestId)).map((reject) => [reject.line, reject.code])
    expect([example, found]).toEqual([example, [[5, code]]])
  }
})
