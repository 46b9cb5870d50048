/** The bodies of requests are JSON, and what is not is told with its place. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mustBeJson } from '../../src/api/json.ts'

function faultOf(text: string): string {
  try {
    mustBeJson(text, (problem) => new Error(problem))
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

test.each([
  ['', 'line 1, column 1: a value is wanted, but the text ends'],
  ['{\n  "routes": [\n', 'line 3, column 1: a value is wanted, but the text ends'],
  ['{"routes": [{"queue": "a",}]}', 'line 1, column 26: a comma too many before }'],
  ['{\r\n "routes": [],\r\n}', 'line 2, column 14: a comma too many before }'],
  ['{\r"a": 1,\r}', 'line 2, column 7: a comma too many before }'],
  ['{"a": [1 2]}', 'line 1, column 10: a comma or ] is wanted, not 2'],
  ['{"ü🚀": 1 "b": 2}', 'line 1, column 10: a comma or } is wanted, not "'],
  [
    '{\n  // big files\n}',
    'line 2, column 3: a key in double quotes is wanted: JSON has no comments',
  ],
  [
    "{'routes': []}",
    'line 1, column 2: a key in double quotes is wanted: texts and keys take double quotes',
  ],
  ['{routes: []}', 'line 1, column 2: a key in double quotes is wanted, not r'],
  ['{"a" 1}', 'line 1, column 6: a : is wanted, not 1'],
  ['{"a": tru}', 'line 1, column 7: a value is wanted, not t'],
  ['{"a": 01}', 'line 1, column 7: a value is wanted, not 0'],
  [
    '{"a": "x\ny"}',
    'line 1, column 7: this text has no end, or a line break, or an unknown \\ in it',
  ],
  ['{} x', 'line 1, column 4: the end is wanted, not x'],
  ['{"routes": [], "routes": []}', 'line 1, column 16: the key "routes" is there twice'],
  ['{"a": 1, "\\u0061": 2}', 'line 1, column 10: the key "a" is there twice'],
  ['['.repeat(500), 'line 1, column 102: nested deeper than 100'],
])('the text %.30j is no JSON', (text, wanted) => {
  expect(faultOf(text)).toBe(wanted)
})

/** JSON with a piece taken out, put in or doubled. */
const spoiled = fc
  .tuple(
    fc.json(),
    fc.nat(),
    fc.nat(3),
    fc.constantFrom('', ',', '"', '}', '[', '\\', '-', 'e', '0'),
  )
  .map(([json, at, length, put]) => {
    const from = at % (json.length + 1)
    return json.slice(0, from) + put + json.slice(from + length)
  })

test('every text is JSON for us when it is JSON, but for keys that are there twice', () => {
  let faults = 0
  fc.assert(
    fc.property(fc.oneof(spoiled, fc.json()), (text) => {
      let fault = ''
      try {
        mustBeJson(text, (each) => {
          fault = each
          return new Error(each)
        })
      } catch (error) {
        expect((error as Error).message).toBe(fault)
      }
      if (fault) faults++
      if (fault.endsWith('is there twice') || fault.includes('nested deeper')) return
      const parse = () => JSON.parse(text)
      if (fault) expect(parse, fault).toThrow(SyntaxError)
      else expect(parse).not.toThrow()
    }),
    { numRuns: 5000 },
  )
  expect(faults).toBeGreaterThan(500)
})
