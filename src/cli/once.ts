/**
 * An option may be given once, or as often as its list is long; and an empty text is a value only
 * where it means something. Both hold for every command, and are declared here alone.
 */
import type { Command, Option } from 'commander'

const lists = new WeakSet<Option>()
const mayBeEmpty = new WeakSet<Option>()

/** Makes an option a list: each time it is given, `read` adds what its text says. */
export function asList<T>(option: Option, read: (text: string, earlier: T[]) => T[]): Option {
  lists.add(option)
  return option.argParser((text: string, earlier: T[] | undefined) => read(text, earlier ?? []))
}

/** For an option that has its own check of what its text may be. */
export function orEmpty(option: Option): Option {
  mayBeEmpty.add(option)
  return option
}

/** Refuses what would be passed over in silence, in this command and in those within it. */
export function mustBeOnce(command: Command): void {
  for (const within of command.commands) mustBeOnce(within)
  const given = new Map<string, string>()
  for (const option of command.options) {
    // `--wait` and `--no-wait` share their attribute: both at once are a contradiction.
    const key = option.attributeName()
    const name = option.long ?? option.flags
    command.on(`option:${option.name()}`, (text: string | null) => {
      const earlier = given.get(key)
      given.set(key, name)
      if (earlier !== undefined && !lists.has(option)) refuse(command, name, earlier)
      if (text === '' && !mayBeEmpty.has(option)) {
        command.error(`error: option '${option.flags}' is given an empty text`)
      }
    })
  }
}

/** An id or a name that is empty comes of a variable of the shell that is not set. */
export function mustHaveText(command: Command): void {
  for (const [at, argument] of command.registeredArguments.entries()) {
    if (command.args[at] === '' && !argument.variadic) {
      command.error(`error: argument '${argument.name()}' is an empty text`)
    }
  }
}

function refuse(command: Command, name: string, earlier: string): never {
  const what =
    name === earlier
      ? `option '${name}' is given twice, and takes one value`
      : `option '${name}' cannot be used with option '${earlier}'`
  return command.error(`error: ${what}`)
}
