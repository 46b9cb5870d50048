/** What is no data in a folder: it is left out, and it is told. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { zip } from '../zip.ts'
import { folders } from './folders.ts'

const { harness, loadPath, folderOf, load } = await folders()

describe('what is no data', () => {
  const pdf = Buffer.from('%PDF-1.7\n%\xe2\xe3\n1 0 obj\n', 'latin1')
  const clutter = {
    'README.md': '# Export, of today\n',
    '.late.csv': 'a,b\n3,4\n',
    'Thumbs.db': Buffer.alloc(600),
    'about.txt': 'These are the sales, as of May.\nAsk us, if in doubt.\n',
    'manual.pdf': pdf,
    scan: pdf,
  }

  test('in a folder it is left out and named, wherever it sorts', async () => {
    const { rows, columns, notes, error } = await load({ ...clutter, 'sales.csv': 'a,b\n1,2\n' })
    expect([error, columns, rows]).toEqual([null, ['a bigint', 'b bigint'], [[1, 2]]])
    expect(Object.keys(notes)).toContain('files_left_out')
  })

  test('every file is named in some note', async () => {
    const path = await folderOf({ ...clutter, 'sales.csv': 'a,b\n1,2\n' })
    const view = await harness.ingest({
      source: { kind: 'directory', path },
      target: { table: 'told' },
    })
    const told = view.notes.map(({ message }) => message).join('\n')
    for (const name of Object.keys(clutter)) expect(told).toContain(`/${name}`)
    expect(view).toMatchObject({ files: 3, rowsLoaded: 1 })
  })

  test('in an archive as well', async () => {
    const members = {
      '.DS_Store': Buffer.alloc(100),
      '__MACOSX/._a.csv': Buffer.alloc(100),
      'README.txt': 'Hello, world\n',
      'a.csv': 'a,b\n1,2\n',
    }
    const path = await harness.file('clutter.zip', await zip(members))
    const view = await harness.ingest({
      source: { kind: 'directory', path },
      target: { table: 'zipped' },
    })
    expect(view).toMatchObject({ state: 'completed', files: 1, rowsLoaded: 1 })
    const told = view.notes.map(({ message }) => message).join('\n')
    for (const name of ['.DS_Store', '__MACOSX', 'README.txt']) expect(told).toContain(name)
  })

  test('named itself it is an error; a folder with nothing else as well', async () => {
    const folder = await folderOf({ ...clutter, 'sales.csv': 'a,b\n1,2\n' })
    const named = (name: string) => loadPath([join(folder, name), join(folder, 'sales.csv')])
    expect((await named('manual.pdf')).error).toBe('not_csv')
    expect((await named('Thumbs.db')).error).toBe('not_csv')
    const prose = await named('about.txt')
    expect([prose.error, prose.message]).toEqual([
      'file_unknown',
      expect.stringContaining('about.txt'),
    ])
    expect(await load({ 'README.md': '# Hi\n' })).toMatchObject({ error: 'source_left_out' })
    expect(await load({ scan: pdf })).toMatchObject({ error: 'source_left_out' })
  })
})
