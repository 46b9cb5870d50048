/**
 * An option is declared in one place: type, check, API, flag, help, dry run and reference page
 * follow from the table. Here an option that no file knows goes through all of them, and those that
 * there are must be complete.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { afterEach, expect, test } from 'vitest'
import { optionsPage } from '../../docs/optionsPage.ts'
import { factsOf } from '../../src/cli/commands/ingest/facts.ts'
import { addSpecOptions, specOf } from '../../src/cli/specOptions.ts'
import { type Option, type Options, objectOf } from '../../src/domain/option.ts'
import { formats } from '../../src/formats/index.ts'
import { checkSpec } from '../../src/spec/checkSpec.ts'
import { optionGroups } from '../../src/spec/groups.ts'
import { fullSpec, IngestSpec } from '../../src/spec/spec.ts'

const toy = {
  schema: Type.Integer({ minimum: 1, maximum: 9 }),
  about: 'how often a record is counted',
  absent: 'once',
  flag: { text: '--times <n>' },
  example: '--times 3',
} satisfies Option

const rows = optionGroups.format as Options
afterEach(() => {
  delete rows.times
})

const parse = (...words: string[]) => {
  const command = addSpecOptions(new Command('ingest')).exitOverride()
  command.configureOutput({ writeErr: () => {} })
  return specOf(command.parse(words, { from: 'user' }))
}

test('an option that is new in its table is known to the command line, the dry run and the docs', () => {
  expect(() => parse('--times', '3')).toThrow("unknown option '--times'")
  rows.times = toy
  expect(parse('--times', '3')).toEqual({ format: { times: 3 } })
  expect(() => parse('--times', '10')).toThrow('It must be a whole number from 1 to 9.')
  expect(addSpecOptions(new Command('ingest')).helpInformation()).toMatch(
    /--times <n> +how often a record is counted \(default:\s+once\)/,
  )
  const facts = factsOf(formats.csv.empty, parse('--times', '3').format ?? {}, {})
  expect(facts).toContainEqual({ what: 'times', value: '3', from: 'given', flag: '--times' })
  expect(optionsPage()).toContain(
    '| `format.times` | `--times <n>` | how often a record is counted | once | `--times 3` |',
  )
})

test('its type and its schema come from the table too', () => {
  const schema = objectOf({ times: toy })
  const value: Static<typeof schema> = { times: 3 }
  expect(Value.Check(schema, value)).toBe(true)
  expect(Value.Check(schema, { times: 0 })).toBe(false)
  expect(schema.properties.times).toMatchObject({
    description: 'How often a record is counted. If absent: once.',
  })
})

const all = Object.entries(optionGroups).flatMap(([group, options]) =>
  Object.entries<Option>(options).map(([name, option]) => ({ group, name, option })),
)

test.each(all)(
  '$group $name says what it does, and its example is taken',
  ({ group, name, option }) => {
    expect(option.about).toMatch(/^\S.*[^.]$/s)
    const { example, flag, absent, preset, isRequired, schema } = option
    expect([absent, preset, isRequired].some((each) => each !== undefined)).toBe(true)
    if (!flag)
      return expect(() => Value.Assert(schema, JSON.parse(example ?? 'null'))).not.toThrow()
    const words = (example ?? '').match(/'[^']*'|\S+/g) ?? []
    const spec = parse(...words.map((word) => word.replace(/^'(.*)'$/, '$1')))
    const at = (group === '' ? spec : (spec as Record<string, unknown>)[group]) as object
    expect(Object.keys(at)).toEqual([name])
    expect(() => Value.Assert(schema, (at as Record<string, unknown>)[name])).not.toThrow()
  },
)

test('all that flags say is a spec, and nothing that was not said is in it', () => {
  expect(parse()).toEqual({})
  const { table, ...rest } = parse('--into', 't', '--no-atomic', '--mode', 'replace').target ?? {}
  expect([table, rest]).toEqual(['t', { atomic: false, mode: 'replace' }])
  expect(parse('--header').format).toEqual({ header: true })
  expect(parse('--header', '2').format).toEqual({ header: 2 })
  expect(parse('--no-header').format).toEqual({ header: false })
  expect(() => parse('--header', 'my.csv')).toThrow('--header=1 my.csv')
  expect(parse('--null', 'NA').format).toEqual({ null: 'NA' })
  expect(parse('--null', 'NA', '--null', '').format).toEqual({ null: ['NA', ''] })
  expect(parse('--columns', 'a, b').format).toEqual({ columns: ['a', 'b'] })
  expect(parse('--delimiter', 'tab', '--quote', 'none').format).toEqual({
    delimiter: '\t',
    quote: '',
  })
  expect(parse('--delimiter', '\\x01').format).toEqual({ delimiter: '\x01' })
  expect(parse('--max-rejects', '5').rejects).toEqual({ max: 5 })
  expect(parse('--max-rejects', '1%').rejects).toEqual({ max: '1%' })
  expect(() => parse('--max-rejects', 'some')).toThrow('a count, or a share like 1%')
  expect(() => parse('--quote', 'ab')).toThrow('one character of ASCII')
  expect(() => parse('--ragged', 'bend')).toThrow('Allowed choices are reject, pad, trim, fit.')
})

test('presets are filled in, once, and a spec without one is a spec', () => {
  const spec = { source: { kind: 'upload' as const, uploads: ['a.csv'] }, target: { table: 't' } }
  expect(Value.Check(IngestSpec, spec)).toBe(true)
  expect(fullSpec({ ...spec, id: 'a' })).toEqual({
    source: spec.source,
    format: { kind: 'auto' },
    target: { table: 't', mode: 'append', types: 'sample', atomic: true },
    rejects: { max: null },
    parallelism: 32,
    priority: 3,
    tenant: null,
    queue: null,
  })
})

test('pairs are given one by one, or all of them in a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-pairs-'))
  const path = join(folder, 'shape.yaml')
  await writeFile(path, 'id: bigint not null\n"a=b": text\n')
  expect(parse('--column', `@${path}`, '--column', 'n = numeric(9,2) default 0')).toEqual({
    target: { columns: { id: 'bigint not null', 'a=b': 'text', n: 'numeric(9,2) default 0' } },
  })
  expect(() => parse('--column', 'n=int', '--column', 'n=text')).toThrow(
    'It names n a second time.',
  )
  expect(() => parse('--column', 'int')).toThrow('It must be a name, `=` and a value, or `@FILE`.')
  expect(() => parse('--column', `@${path}.not`)).toThrow('no such file')
  await writeFile(path, '[1]')
  expect(() => parse('--column', `@${path}`)).toThrow('it must be an object of names and values')
  await writeFile(path, '{"n": 1}')
  expect(() => parse('--column', `@${path}`)).toThrow('the value of n must be a text')
  await rm(folder, { recursive: true })
})

test('a refusal names the flag beside each member of the spec', () => {
  const refusal = (target: object) => {
    const source = { kind: 'upload' as const, uploads: ['a.csv'] }
    try {
      checkSpec({ source, target: { table: 'public.t', ...target } })
    } catch (error) {
      return (error as Error).message
    }
    return null
  }
  expect(refusal({ mode: 'merge' })).toBe(
    'The ingest spec is not valid: the mode merge needs target.key (`--key`).',
  )
  expect(refusal({ keep: '7d' })).toContain('target.undo (`--undo`) is not set')
  expect(refusal({ mode: 'replace', atomic: false })).toContain('target.atomic (`--no-atomic`)')
  expect(refusal({ mode: 'history', key: ['id'], undo: true })).toContain(
    'target.undo (`--undo`) is for the modes append, replace, merge, insert, sync, not for history',
  )
  expect(refusal({ mode: 'insert', key: ['id'], where: 'true' })).toContain('not for insert')
  expect(refusal({ where: 'true', primaryKey: ['id'] })).toContain('make the table with its key')
  const divided = (partitionBy: string, more = {}) => refusal({ partitionBy, ...more })
  expect(divided('month(day')).toContain('it is none of day(column)')
  expect(divided('hash(id)')).toContain('hash needs a count')
  expect(divided('hash(id, 0)')).toContain('hash makes 1 to 1000 partitions')
  expect(divided('list(id, 3)')).toContain('only hash has a count')
  expect(divided('list(id)', { atomic: false })).toContain(
    'is not for target.atomic (`--no-atomic`)',
  )
  expect(divided('list(id)', { mode: 'merge', key: ['id'] })).toContain('not for the mode merge')
  expect(divided('list(id)', { where: 'true' })).toContain('make the table with its partitions')
})
