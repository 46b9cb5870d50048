/** The text of a cell or of a shared string: its runs put together, without how it is spoken. */
import type { XmlHandler } from '../../io/xml.ts'

export class RichText implements XmlHandler {
  value = ''
  #isText = false
  #phonetic = 0

  open(name: string): void {
    if (name === 'rPh') this.#phonetic++
    else this.#isText = name === 't' && this.#phonetic === 0
  }

  text(text: string): void {
    if (this.#isText) this.value += text
  }

  close(name: string): void {
    if (name === 'rPh') this.#phonetic--
    this.#isText = false
  }
}

/** `_x000D_` stands for a character that XML cannot have; `_x005F_` for the `_` in front of such. */
export const unescapedText = (text: string): string =>
  text.includes('_x')
    ? text.replace(/_x([0-9A-F]{4})_/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text
