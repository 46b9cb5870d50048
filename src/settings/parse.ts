/** Reads the text of a settings file: YAML 1.2, and so JSON as well. */
import { LineCounter, parseDocument, visit } from 'yaml'

type Refuse = (problem: string) => Error

/**
 * A key that is there twice, an alias and an unknown tag are faults: each would hide what is meant.
 * @returns an empty object for an empty file
 * @throws what `refuse` makes of the first fault: `line 3, column 5: …`
 */
export function parseText(text: string, refuse: Refuse): unknown {
  const lines = new LineCounter()
  const options = { lineCounter: lines, prettyErrors: false, stringKeys: true, uniqueKeys: true }
  const refuseAt = (offset: number, problem: string) => {
    const { line, col } = lines.linePos(offset)
    return refuse(`line ${line}, column ${col}: ${problem}`)
  }
  const document = parseDocument(text, options)
  const fault = document.errors[0] ?? document.warnings[0]
  // The library takes an overflow of the stack for a fault of the text.
  if (fault?.message.includes('call stack')) throw refuse('it is nested too deeply')
  if (fault) throw refuseAt(fault.pos[0], fault.message)
  visit(document, {
    Alias(_, alias) {
      throw refuseAt(alias.range?.[0] ?? 0, 'an alias is not taken: write the value once more')
    },
  })
  return document.toJS() ?? {}
}
