/** dlt: a process that is started again, and goes on with what lies in its folder. */
import { join } from 'node:path'
import { startChild } from '../../src/dev/process.ts'
import { commandsOn } from '../celery/command.ts'
import { findPython } from '../celery/python.ts'
import { columns, makeRows } from '../data.ts'
import { type Find, killGroup, oneProcess } from './victim.ts'

const cache = join(import.meta.dirname, '../data/dlt')
const wanted = {
  name: 'dlt',
  requirements: join(import.meta.dirname, 'requirements-dlt.txt'),
  modules: ['dlt'],
}
/** It handles every value in Python: with all the rows it would take minutes. */
const shareOfRows = 10

const types: Record<(typeof columns)[number][1], string> = {
  bigint: 'bigint',
  boolean: 'bool',
  numeric: 'decimal',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
  uuid: 'text',
  jsonb: 'json',
  text: 'text',
}
const typed = columns.map(([name, type]) => `${name}:${types[type]}`)

export const dltVictims: Find = async ({ stack, rows: all, say }) => {
  const python = await findPython({ cache, ...wanted }, commandsOn(stack), say)
  if ('skipped' in python) return python
  const rows = await makeRows(Math.ceil(all.sums.rows / shareOfRows), say)
  return [
    {
      name: 'dlt',
      label: 'dlt, append, a tenth of the rows',
      rows,
      todo: ({ missing, twice }) =>
        missing + twice > 0
          ? 'notice it; run it again; then find out which rows are wrong'
          : 'notice it; run it again, on the same disk',
      async begin(table) {
        const [dataset = '', name = ''] = table.split('.')
        const folder = join(stack.folder, dataset)
        const env = {
          PATH: process.env.PATH,
          PYTHONDONTWRITEBYTECODE: '1',
          DLT_DATA_DIR: folder,
          RUNTIME__DLTHUB_TELEMETRY: 'false',
          BENCH_FOLDER: folder,
          BENCH_POSTGRES: stack.databaseUrl,
        }
        const script = join(import.meta.dirname, 'load_dlt.py')
        const args = [script, rows.path, dataset, name, ...typed]
        const options = { env, cwd: stack.folder, log: join(stack.folder, `${dataset}.log`) }
        return oneProcess(() =>
          stack.closing.addStarting(startChild(python.command, args, options), killGroup),
        )
      },
    },
  ]
}
