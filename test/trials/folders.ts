/** Ingests folders and the files of trials; what came of each. */
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { IngestSpec } from '../../src/spec/spec.ts'
import { build } from '../harness.ts'

type Files = Record<string, string | Buffer>
type Options = Pick<IngestSpec, 'format' | 'rejects'> & {
  create?: string
  target?: Partial<IngestSpec['target']>
}

/** Builds the harness, with a worker; for the top level of a test file. */
export async function folders() {
  const harness = await build()
  await harness.startWorker()
  let count = 0

  /** Ingests a path of the folder; what came of it. */
  async function loadPath(path: string | string[], { create, target, ...options }: Options = {}) {
    const table = `t${++count}`
    if (create) await harness.db.query(`create table ${table} (${create})`)
    const view = await harness.ingest({
      ...options,
      source: { kind: 'directory', path },
      target: { table, ...target },
    })
    const rows =
      view.error && !create ? [] : (await harness.db.query(`select * from ${table}`)).rows
    return {
      error: view.error?.code ?? null,
      message: view.error?.message ?? '',
      hint: view.error?.hint ?? '',
      columns: view.columns?.map(({ name, type }) => `${name} ${type}`),
      names: view.columns?.map(({ name }) => name),
      rows: rows.map((row) => Object.values(row)).sort((a, b) => (`${a}` < `${b}` ? -1 : 1)),
      rejects: (await harness.rejects(view.ingestId)).map(({ line, code }) => [line, code]),
      notes: Object.fromEntries(view.notes.map(({ code, message }) => [code, message])),
      hints: Object.fromEntries(view.notes.map((note) => [note.code, note.hint])),
      units: view.units,
    }
  }

  async function folderOf(files: Files): Promise<string> {
    const folder = join(harness.folder, `folder${++count}`)
    await mkdir(folder)
    for (const [name, content] of Object.entries(files))
      await writeFile(join(folder, name), content)
    return folder
  }

  const load = async (files: Files, options?: Options) => loadPath(await folderOf(files), options)

  async function trial(name: string, options?: Options) {
    const path = join(harness.folder, `trial${++count}-${name}`)
    await cp(join(import.meta.dirname, name), path, { recursive: true })
    return loadPath(path, options)
  }

  return { harness, loadPath, folderOf, load, trial }
}
