/** Files whose lots are staged while units are loaded, and the target that they go to. */
import type { IngestSpec } from '../../src/spec/spec.ts'

export interface Case {
  files: string[]
  /** Makes the target `t`. */
  setUp?: string
  target?: Partial<NonNullable<IngestSpec['target']>>
  /** How often the landing table is made anew at least and at most; never if absent. */
  remade?: number
}

export const many = <T>(count: number, of: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => of(n))

export const cases: Record<string, Case> = {
  'of one type': { files: many(5, (n) => `id,v\n${n},${n}.5\n`) },
  'text at last': { files: [...many(5, (n) => `id,v\n${n},${n}\n`), 'id,v\n7,x\n'], remade: 1 },
  'text soon': { files: ['id,v\n1,1\n', ...many(20, (n) => `id,v\n${n},x${n}\n`)], remade: 1 },
  'numbers in other forms': { files: ['id,v\n1,1\n2,+5\n', 'id,v\n2,1.50\n', 'id,v\n4,1.5e3\n'] },
  'numbers, and then text': {
    files: ['id,v\n1,1.50\n2,1.5e3\n', 'id,v\n2,x\n3,y\n4,z\n'],
    remade: 1,
  },
  'nothing at first': { files: ['id,v\n1,\n', 'id,v\n2,\n', 'id,v\n3,2024-01-05\n'] },
  'words for NULL at first': {
    files: ['id,v\n1,n/a\n', 'id,v\n2,5\n3,6\n4,n/a\n', 'id,v\n5,6\n'],
    remade: 1,
  },
  'words for NULL later': { files: ['id,v\n1,4\n', 'id,v\n2,5\n3,6\n4,n/a\n', 'id,v\n5,6\n'] },
  'other columns': { files: ['id,v\n1,4\n', 'id,v,w\n2,5,x\n', 'w,id\ny,3\n'] },
  'rejects, and other numbers': {
    files: ['id,v\n1,4\n1,2,3\n', 'id,v\n2,5.5\n', 'id,v\n3,\n"x\n'],
    remade: 1,
  },
  'frozen types': {
    files: many(4, (n) => `id,v\n${n},${n}\n5,${n}.5\n8,z\n`),
    target: { schema: 'freeze' },
    remade: 1,
  },
  'columns of text': { files: ['id,v\n1,4\n', 'id,v\n2,x\n'], target: { types: 'text' } },
  'a time among dates': {
    files: ['id,v\n1,2024-01-05\n', 'id,v\n2,2024-01-05T10:00:00Z\n'],
    remade: 1,
  },
  'a target with constraints': {
    files: ['id,v\n1,4\n', 'id,v\n2,x\n', 'id,v\n3,-1\n', 'id,v,w\n4,5,9\n'],
    setUp: `create table t (id bigint primary key, v int check (v > 0), w int not null default 7,
                            x text default 'd')`,
    remade: 1,
  },
  'columns for a target': {
    files: ['id,v\n1,4\n', 'id,v,w\n2,5,9\n', 'id,v,w\n3,6,z\n'],
    setUp: 'create table t (id bigint, v int)',
    target: { schema: 'evolve' },
    remade: 1,
  },
  'a target that is replaced': {
    files: ['id,v\n1,4\n', 'id,v\n2,5\n', 'id,v\n3,6\n'],
    setUp: 'create table t (id bigint, v int); insert into t values (9, 9)',
    target: { mode: 'replace' },
  },
  'nothing in the first files': { files: ['id,v\n', '', 'id,v\n3,6\n'] },
  'a file that does not fit at last': {
    files: ['id,v\n1,4\n', 'id,v\n2,4\n', 'other,names\n1,2\n'],
  },
  'a transform of a column that comes later': {
    files: ['id,v\n1,1\n', 'id,v\n2,x\n', 'id,v,w\n3,4,5\n'],
    target: { select: 'id, upper(v) as v, w' },
    remade: 1,
  },
  'keys of a column that comes later': {
    files: ['id,v\n1,1\n', 'id,v\n2,3\n', 'id,v,w\n2,4,5\n'],
    target: { primaryKey: ['id'], indexes: [['w']] },
  },
  'keys of a column that never comes': {
    files: ['id,v\n1,1\n', 'id,v\n2,3\n'],
    target: { indexes: [['w']] },
  },
  'a column that the target does not have': {
    files: ['id,v\n1,4\n', 'id,v\n2,5\n', 'id,v,w\n3,6,z\n'],
    setUp: 'create table t (id bigint, v int)',
  },
}

/** One file, that comes in parts. */
export const large = [
  {
    header: 'id,v',
    records: [
      ...['1,1', '2,"two\nlines"', '3,', '', '4,"x""y"', '5,1,2', '# none', ',', '6,"open'],
      ...['7,n/a', '"8",2024-01-05', '9,+3'],
    ],
    rows: 8,
  },
  // A blank line is a record.
  { header: 'id', records: ['1', '', '2', '', '', '3'], rows: 6 },
]
