/** Flags that give something to a name: `--column id=bigint`, or a file with all of them. */
import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import { messageOf } from '../errors.ts'
import { parseText } from '../settings/parse.ts'

type Pair = [name: string, value: string]

/**
 * @param text `name=value`, or `@FILE`: an object in YAML or JSON
 * @throws InvalidArgumentError
 */
export function withPairs(text: string, earlier: Pair[]): Pair[] {
  const pairs = [...earlier]
  const names = new Set(earlier.map(([name]) => name))
  for (const [name, value] of text.startsWith('@') ? pairsIn(text.slice(1)) : [pairOf(text)]) {
    if (names.has(name)) throw new InvalidArgumentError(`It names ${name} a second time.`)
    names.add(name)
    pairs.push([name, value])
  }
  return pairs
}

function pairOf(text: string): Pair {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be a name, `=` and a value, or `@FILE`.')
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

function pairsIn(path: string): Pair[] {
  const refuse = (problem: string) => new InvalidArgumentError(`${path}: ${problem}.`)
  const found = parseText(read(path, refuse), refuse)
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw refuse('it must be an object of names and values')
  }
  return Object.entries(found).map(([name, value]) => {
    if (typeof value !== 'string') throw refuse(`the value of ${name} must be a text`)
    return [name, value]
  })
}

function read(path: string, refuse: (problem: string) => Error): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw refuse(isMissing ? 'there is no such file' : messageOf(error))
  }
}
