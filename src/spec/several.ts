/** The options of an ingest with several targets. Each of them has an ingest of its own, with one. */
import { type Static, Type } from 'typebox'
import { globCharsMax } from '../domain/glob.ts'
import { type Options, objectOf, oneOf } from '../domain/option.ts'
import { anyFile, namePart, splitInto, targetsMax } from '../domain/severalTargets.ts'
import { type FullTarget, fullTarget, type Target, targetOptions } from './target.ts'

const Rule = objectOf({
  match: {
    schema: Type.String({ minLength: 1, maxLength: globCharsMax }),
    about: 'a glob over the names of files, or over their paths where it has a `/`',
    isRequired: true,
  },
  ...targetOptions,
})
type Rule = Static<typeof Rule>

/** A target with every default filled in, and the files that go there. */
export type FullRule = FullTarget & Pick<Rule, 'match'>

export const severalOptions = {
  targets: {
    schema: Type.Array(Rule, { minItems: 1, maxItems: targetsMax }),
    about:
      'several targets in place of `target`, each with a glob (`match`) for the files that go there; ' +
      'the first that a file matches counts',
    absent: 'one target; `--into` makes them when it is given again, or with a glob',
    example: '[{"match": "orders*.csv", "table": "public.orders"}]',
  },
  publish: {
    schema: oneOf('together', 'apart'),
    about:
      'how several targets are published: in one transaction, all or none, or each by itself when its ' +
      'rows are there',
    absent: 'together',
    flag: { text: '--publish <how>' },
    example: '--publish apart',
  },
  unmatched: {
    schema: oneOf('fail', 'skip'),
    about:
      'what becomes of a file that none of several targets is for: nothing is loaded, or the file is ' +
      'left out, which is told',
    absent: 'fail',
    flag: { text: '--unmatched <what>' },
    example: '--unmatched skip',
  },
} satisfies Options

interface Given {
  target?: Target
  targets?: Rule[]
}

/** One target with `{name}` in its table is several. */
export function rulesOf({ target, targets }: Given): FullRule[] | null {
  const full = ({ match, ...into }: Rule) => ({ match, ...fullTarget(into) })
  if (targets) return targets.map(full)
  if (!target?.table.includes(namePart)) return null
  return [full({ match: anyFile, ...target })]
}

/**
 * What `--into` said makes one target, or several when it was given again or with a glob: all else that
 * was said of the target holds for each.
 */
export function settleInto<S extends { target?: object }>(spec: S): S {
  const { target, ...rest } = spec
  const { table, ...into } = (target ?? {}) as { table?: string[] }
  if (!table) return spec
  const rules = table.map(splitInto)
  const [first] = rules
  if (rules.length === 1 && first?.match === null) {
    return { ...spec, target: { ...into, table: first.table } }
  }
  const targets = rules.map((rule) => ({ ...into, ...rule, match: rule.match ?? anyFile }))
  return { ...rest, targets } as unknown as S
}
