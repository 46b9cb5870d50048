/** The XML of the answers of a store: elements with text in them, by their paths. */
import { readXml } from '../io/xml.ts'

/** A page of a list has 1000 keys of 1024 bytes, each of which may be written with three. */
const bytesMax = 8 << 20

/**
 * @param onEnd hears of each element at its end: of its path below the first one, `Contents/Key`,
 *   and of the text that stands in it
 * @returns the name of the first element
 * @throws what `fault` makes of what cannot be read
 */
export async function readElements(
  body: AsyncIterable<Buffer>,
  onEnd: (path: string, text: string) => void,
  fault: (problem: string) => Error,
): Promise<string> {
  const open: string[] = []
  let root = ''
  let text = ''
  let isDone = false
  const handler = {
    open(name: string) {
      if (open.length === 0) root = name
      open.push(name)
      text = ''
    },
    text(more: string) {
      text += more
    },
    close() {
      onEnd(open.slice(1).join('/'), text)
      open.pop()
      isDone = open.length === 0
      text = ''
    },
  }
  await readXml(bounded(body, fault), handler, fault)
  if (!isDone) throw fault('its answer ends in the middle')
  return root
}

async function* bounded(body: AsyncIterable<Buffer>, fault: (problem: string) => Error) {
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > bytesMax) throw fault(`its answer has more than ${bytesMax} bytes of XML`)
    yield chunk
  }
}
