/** Several targets, as the command line and a spec say them. */
import { Command } from 'commander'
import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { addSpecOptions, specOf } from '../../src/cli/specOptions.ts'
import { checkSpec } from '../../src/spec/checkSpec.ts'
import { fullSpec, IngestSpec } from '../../src/spec/spec.ts'

const source = { kind: 'directory', path: '/data' } as const

function parse(...words: string[]) {
  const command = addSpecOptions(new Command('ingest')).exitOverride()
  command.configureOutput({ writeErr: () => {} })
  return { ...specOf(command.parse(words, { from: 'user' })), source }
}

test('--into with globs makes several targets, and what else is said holds for each', () => {
  const spec = parse('--into', 'o*.csv=public.o', '--into', 'public.{name}', '--mode', 'replace')
  expect(spec).toMatchObject({
    targets: [
      { match: 'o*.csv', table: 'public.o', mode: 'replace' },
      { match: '*', table: 'public.{name}', mode: 'replace' },
    ],
  })
  expect(Value.Check(IngestSpec, spec)).toBe(true)
  const { full, target, subject } = checkSpec(spec)
  expect(full.target).toBe(null)
  expect(full.targets).toHaveLength(2)
  expect([target, subject]).toEqual(['public.o, public.{name}', 'ingest'])
})

test('--into without a glob is the one target that it was', () => {
  expect(parse('--into', 'trips', '--mode', 'replace')).toEqual({
    source,
    target: { table: 'trips', mode: 'replace' },
  })
  expect(fullSpec(parse('--into', 'trips'))).not.toHaveProperty('targets')
  expect(parse('--mode', 'replace').target).toEqual({ mode: 'replace' })
})

test('{name} alone is several targets too', () => {
  const { targets } = fullSpec(parse('--into', 'public.{name}', '--unmatched', 'skip'))
  expect(targets).toMatchObject([{ match: '*', table: 'public.{name}', mode: 'append' }])
})

const two = ['--into', 'a*=a', '--into', 'b*=b']
test.for([
  [['--into', 'a', '--into', 'b'], 'two targets are for *: the second would get no file'],
  [[...two, '--no-atomic'], 'say publish apart'],
  [[...two, '--mode', 'merge'], 'the mode merge needs target.key'],
  [['--into', 'a', '--publish', 'apart'], 'publish is for several targets'],
  [['--into', 'a', '--unmatched', 'skip'], 'unmatched is for several targets'],
  [['--into', 'a{b=c'], 'the glob a{b'],
  [['--into', '*=pg_catalog.{name}'], 'pg_catalog'],
] as [string[], string][])('%j is refused', ([words, problem]) => {
  expect(() => checkSpec(parse(...words))).toThrow(problem)
})

test('a spec has a target or targets', () => {
  const spec = { source, target: { table: 'a' }, targets: [{ match: '*', table: 'b' }] }
  expect(() => checkSpec(spec)).toThrow('both a target and targets')
  expect(checkSpec(parse(...two, '--no-atomic', '--publish', 'apart')).full.targets).toHaveLength(2)
})
