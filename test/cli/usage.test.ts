/** Commands that are asked for help, for the version, or for what there is not. */
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { inProcess } from './inProcess.ts'

const env = { SLUICE_HOME: join(tmpdir(), 'sluice-is-not-here'), SLUICE_API: 'http://127.0.0.1:1' }
const run = (...args: string[]) => inProcess(args, env)

test('the version and the help of a command', async () => {
  const { version } = JSON.parse(
    await readFile(`${import.meta.dirname}/../../package.json`, 'utf8'),
  )
  for (const flag of ['--version', '-V']) {
    expect(await run(flag)).toEqual({ code: 0, out: `${version}\n`, error: '' })
  }
  const all = await run('help')
  expect([all.code, all.out]).toEqual([0, (await run('--help')).out])
  const one = await run('help', 'ingest')
  expect([one.code, one.out]).toEqual([0, (await run('ingest', '--help')).out])
  expect(one.out).toContain('--into <table>')
  const nested = await run('help', 'control', 'rate-limit')
  expect([nested.code, nested.out]).toEqual([0, expect.stringContaining('10/s, 30/m, 100/h')])
})

test.each<[string, string[], string]>([
  ['a command that is none', ['nonsense'], `unknown command 'nonsense'`],
  ['one that is misspelt', ['ingets'], 'Did you mean ingest?'],
  ['help for none', ['help', 'nonsense'], `unknown command 'nonsense'`],
  ['help for one that is misspelt', ['help', 'statsu'], 'Did you mean status?'],
  ['help within a command', ['help', 'control', 'nonsense'], `unknown command 'nonsense'`],
  ['an option that is none', ['list', '--lmit', '3'], 'Did you mean --limit?'],
  ['a number that is none', ['list', '--limit', '1.5'], 'a whole number from 1 to 200'],
  ['an argument that is missing', ['status'], `missing required argument 'id'`],
  ['one too many', ['status', 'a', 'b'], 'too many arguments'],
  ['a number twice', ['list', '--limit', '3', '--limit=4'], `'--limit' is given twice`],
  ['a flag twice', ['status', 'x', '--json', '--json'], `'--json' is given twice`],
  ['a short and a long one', ['up', '-l', 'info', '--log-level', 'warn'], 'given twice'],
  ['one of a spec twice', ['up', '--mode', 'merge', '--mode', 'sync'], `'--mode' is given twice`],
  ['within a command', ['control', 'drain', '--timeout', '1', '--timeout', '2'], 'given twice'],
  [
    'yes and no',
    ['ingest', 'a.csv', '--header', '--no-header', '--into', 't'],
    `'--no-header' cannot be used with option '--header'`,
  ],
  ['an empty text', ['api', '--host', ''], `'--host <address>' is given an empty text`],
  ['an empty key', ['list', '--before='], 'is given an empty text'],
  ['an empty id', ['status', ''], `'id' is an empty text`],
  ['a queue twice', ['worker', '-Q', 'a', '-Q', 'b,a'], 'A name is there twice'],
  ['a look and a wait', ['ingest', 'a', '--into', 't', '--dry-run', '--no-wait'], 'cannot be used'],
  ['a look and a way', ['ingest', 'a', '--into', 't', '--upload', '--dry-run'], 'cannot be used'],
  ['a page of all', ['rejects', 'x', '--csv', '--limit', '3'], 'cannot be used with option'],
  ['two forms', ['rejects', 'x', '--csv', '--json'], 'cannot be used with option'],
  ['two limits', ['worker', '--autoscale', '3', '-c', '2'], 'cannot be used with option'],
  ['the target that is missing', ['ingest', 'a.csv'], 'The target is missing: --into'],
  ['standard input beside a file', ['ingest', '-', 'a.csv', '--into', 't'], 'a source of its own'],
  [
    'a dry run of standard input',
    ['ingest', '-', '--into', 't', '--dry-run'],
    'write what comes out',
  ],
  ['a name for a file', ['ingest', 'a.csv', '--name', 'b', '--into', 't'], 'for standard input'],
  ['--header in front of the file', ['ingest', '--header', 'a.csv', '--into', 't'], 'If a.csv is'],
])('%s is bad usage', async (_, args, said) => {
  const { code, out, error } = await run(...args)
  expect([code, out, error]).toEqual([2, '', expect.stringContaining(said)])
})

test.each<[string, string, string]>([
  [
    'sftp://u:secret@example.org/a.csv?sig=secret',
    'is an address',
    'curl -fLO sftp://example.org/a',
  ],
  ['file:///tmp/a.csv', 'is an address', 'the path behind file://'],
])('the source %s is told what to do', async (source, what, how) => {
  for (const more of [[], ['--dry-run']]) {
    const { code, error } = await run('ingest', source, '--into', 't', ...more)
    expect([code, error]).toEqual([1, expect.stringContaining(what)])
    expect(error).toContain(how)
    expect(error).not.toContain('secret')
  }
})

test('hints of commands name commands', async () => {
  const bad = await run('ingest', import.meta.filename, '--into', 't', '--id', '../x')
  expect(bad.error).not.toMatch(/\/docs|\/v1\//)
})

const merge = ['--mode', 'merge', '--key', 'id']

test.each<[string, string[], string]>([
  ['encoding_unknown', ['--encoding', 'utf-99'], 'Similar names are utf-8'],
  ['dialect_invalid', ['--decimal', ',', '--thousands', ','], '`--thousands` are both ","'],
  ['spec_invalid', ['--max-rejects', '200%'], 'at most 100%'],
  ['spec_invalid', [...merge, '--unique', 'skip'], 'is for the modes append and replace'],
  ['spec_invalid', [...merge, '--delete-when', 'id=7'], 'name the same column, id'],
  ['table_name_invalid', ['--into', 'a.b.c.d'], 'double quotes'],
])('%s is told before anything is sent or read', async (_, args, said) => {
  for (const more of [[], ['--dry-run']]) {
    const path = import.meta.filename
    const into = args.includes('--into') ? [] : ['--into', 't']
    const { error, ...ran } = await run('ingest', path, ...into, ...args, ...more)
    expect([ran.code, error]).toEqual([2, expect.stringContaining(said)])
  }
})

test('every option of every command is a list, or refused when it comes twice', async () => {
  const names = (await createProgram([])).commands.map((command) => command.name())
  const program = await createProgram(names)
  program.configureOutput({ writeErr: () => {} })
  const lists: string[] = []
  let checked = 0
  const visit = (command: Command, path: string[]): void => {
    command.copyInheritedSettings(program)
    for (const within of command.commands) visit(within, [...path, within.name()])
    for (const option of command.options) {
      const give = (n: string) => {
        const text = option.argChoices?.[0] ?? texts[option.long ?? ''] ?? usual(option.flags, n)
        const isAlone = option.isBoolean() || option.negate
        command.parseOptions([isAlone ? `${option.long}` : `${option.long}=${text}`])
      }
      const what = [...path, option.long].join(' ')
      const isSecond =
        option.negate &&
        command.options.some(({ long }) => long === option.long?.replace('no-', ''))
      if (!isSecond) give('1')
      checked++
      try {
        give('2')
        lists.push(what)
      } catch (error) {
        expect((error as Error).message, what).toMatch(/ is given twice| cannot be used with/)
      }
    }
  }
  for (const command of program.commands) visit(command, [command.name()])
  expect(checked).toBeGreaterThan(90)
  const ofSpec = [
    '--into',
    '--columns',
    '--null',
    '--true',
    '--false',
    '--steps',
    '--exclude',
    '--expect',
    '--key',
    '--order-by',
    '--period-columns',
    '--widths',
    '--column',
    '--rename',
    '--primary-key',
    '--index',
    '--drop',
    '--set',
    '--add',
  ]
  const both = ofSpec.flatMap((flag) => [`ingest ${flag}`, `up ${flag}`])
  expect(lists.sort()).toEqual([...both, 'worker --queue', 'worker --source-roots'].sort())
})

/** A number, or one with a name. */
const usual = (flags: string, n: string): string => (flags.includes('=') ? `${n}=${n}` : n)

/** For options that take no number. */
const texts: Record<string, string> = {
  '--range': 'A1:D99',
  '--newer-than': '1d',
  '--older-than': '1d',
  '--keep': '7d',
  '--expect': 'rows 1..',
  '--widths': 'id:6',
  '--delimiter': ';',
  '--max-memory': '2g',
  '--comment': '#',
}
