/** Comments that begin with several characters, of which a chunk may have the first ones only. */
import { expect, test } from 'vitest'
import { readHead } from '../../../src/formats/csv/head.ts'
import { Shaper } from '../../../src/formats/csv/shape.ts'

test.each(['/1,2\n//c\n/,3\n', '/1,2\n//c\n/', '//c\n//\n/"1,2\n/,/\n//'])(
  'what begins with half a comment is a record: %j',
  (text) => {
    const bytes = Buffer.from(text)
    const format = { comment: '//', header: false, delimiter: ',', quote: '"' }
    const head = readHead(bytes, { name: 'x.csv', sizeBytes: bytes.length }, format)
    for (let chunkBytes = 1; chunkBytes <= bytes.length; chunkBytes++) {
      const shaper = new Shaper(head, { sizeBytes: bytes.length })
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        shaper.push(bytes.subarray(at, at + chunkBytes))
      }
      expect(shaper.shape().cuts.at(-1)).toMatchObject({ records: 2 })
    }
  },
)
