/**
 * Reads XML while its bytes pass: parts of workbooks, answers of servers. A document type is refused,
 * so there are no entities but the five of XML itself, and nothing is looked up anywhere.
 */

import { TextDecoder } from 'node:util'
import { Parser } from 'saxen'

/** Makes an error of what is wrong with the XML. */
export type XmlFault = (problem: string, options?: ErrorOptions) => Error

/** Hears of the elements in their order, by their names without a prefix. */
export interface XmlHandler {
  open(name: string, attribute: (name: string) => string | undefined): void
  text(text: string): void
  close(name: string): void
}

/** Excel's own parts are nested about ten deep. */
const depthMax = 100
/** A cell of Excel has 32,767 characters at most, of which each may be written with ten. */
const tokenCharsMax = 4 << 20

export class XmlReader {
  readonly #parser = new Parser()
  #decoder: TextDecoder | null = null
  #depth = 0
  /** Characters since the last token: an endless one would be held in memory. */
  #held = 0
  readonly #fault: XmlFault

  constructor(handler: XmlHandler, fault: XmlFault) {
    this.#fault = fault
    this.#parser.on('openTag', (name, attributes, _, isEmpty) => {
      this.#held = 0
      if (!isEmpty && ++this.#depth > depthMax) throw fault('its elements are nested too deep')
      const local = localName(name)
      handler.open(local, (attribute) => valueOf(attributes(), attribute, fault))
      if (isEmpty) handler.close(local)
    })
    this.#parser.on('closeTag', (name, _, isEmpty) => {
      this.#held = 0
      if (isEmpty) return
      this.#depth--
      handler.close(localName(name))
    })
    this.#parser.on('text', (text) => handler.text(unescaped(lineEnds(text), fault)))
    this.#parser.on('cdata', (text) => handler.text(lineEnds(text)))
    this.#parser.on('comment', () => {
      this.#held = 0
    })
    this.#parser.on('attention', () => {
      throw fault('it has a document type')
    })
    const fail = (problem: Error) => {
      throw fault(`its XML is broken (${problem.message})`)
    }
    this.#parser.on('error', fail)
    this.#parser.on('warn', fail)
  }

  /** @throws what the handler throws, and why the bytes are not XML */
  write(chunk: Buffer): void {
    this.#decoder ??= decoderFor(chunk, this.#fault)
    this.#feed(this.#decode(chunk))
  }

  end(): void {
    this.#feed(this.#decode())
    this.#parser.end()
  }

  /** @param chunk absent at the end */
  #decode(chunk?: Buffer): string {
    try {
      return this.#decoder?.decode(chunk, { stream: chunk !== undefined }) ?? ''
    } catch (cause) {
      const problem = `its XML has bytes that are not ${this.#decoder?.encoding}`
      throw this.#fault(problem, { cause })
    }
  }

  #feed(text: string): void {
    this.#held += text.length
    this.#parser.write(text)
    if (this.#held > tokenCharsMax) {
      throw this.#fault(`a text or an element in it has more than ${tokenCharsMax} characters`)
    }
  }
}

/** Reads to the end. @throws what the handler throws, and why it is not XML */
export async function readXml(
  bytes: AsyncIterable<Buffer>,
  handler: XmlHandler,
  fault: XmlFault,
): Promise<void> {
  const reader = new XmlReader(handler, fault)
  for await (const chunk of bytes) reader.write(chunk)
  reader.end()
}

/** @throws for bytes that are not of an encoding that every reader of XML knows */
function decoderFor(head: Buffer, fault: XmlFault): TextDecoder {
  const utf16 = { '\xff\xfe': 'utf-16le', '\xfe\xff': 'utf-16be' }[head.toString('latin1', 0, 2)]
  const said = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(
    head.toString('latin1', 0, 200),
  )
  const encoding = utf16 ?? said?.[1] ?? 'utf-8'
  if (!utf16 && !/^(utf-?8|us-ascii|ascii)$/i.test(encoding)) {
    throw fault(`its XML is written in ${encoding}`)
  }
  return new TextDecoder(utf16 ?? 'utf-8', { fatal: true })
}

const localName = (name: string): string => {
  const colon = name.indexOf(':')
  return colon < 0 ? name : name.slice(colon + 1)
}

/** `id` is also found as `r:id`, whatever the prefix. */
function valueOf(
  attributes: Record<string, string>,
  name: string,
  fault: XmlFault,
): string | undefined {
  const key = Object.hasOwn(attributes, name)
    ? name
    : Object.keys(attributes).find((each) => each.endsWith(`:${name}`))
  return key === undefined ? undefined : unescaped(attributes[key] as string, fault)
}

const lineEnds = (text: string): string =>
  text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** @throws for an entity that XML by itself does not have */
function unescaped(text: string, fault: XmlFault): string {
  if (!text.includes('&')) return text
  return text.replace(
    /&(?:#x([0-9a-f]{1,8})|#(\d{1,9})|(\w{1,20}));|&/gi,
    (all, hex, digits, word) => {
      const named = entities[word]
      if (named !== undefined) return named
      const code = hex ? Number.parseInt(hex, 16) : Number(digits ?? Number.NaN)
      if (code <= 0x10ffff) return String.fromCodePoint(code)
      throw fault(`its XML has the entity ${all}, which is not known`)
    },
  )
}
