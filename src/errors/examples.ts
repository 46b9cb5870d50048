/** Every row of a table has an example, so that people read sentences and not texts with gaps. */
import { fill, type Names } from './fill.ts'

/** A row with texts that are filled in. */
interface Row {
  message: string
  /** null or absent where nothing can be done. */
  hint?: string | null
  /** A value for each name in the texts; absent where they have none. */
  example?: Example
}

export type Example = Record<string, string | number>

type NamesIn<R extends Row> = Names<R['message'] | Extract<R['hint'], string>>

/** What the compiler asks of a row: a value for each name in its texts, and for no other. */
type Exemplified<R extends Row> = [NamesIn<R>] extends [never]
  ? { example?: never }
  : {
      example: {
        [N in NamesIn<R> | keyof R['example']]: N extends NamesIn<R> ? string | number : never
      }
    }

/** A row without its example does not compile, nor one with a value too few or too many. */
export const withExamples = <const T extends Record<string, Row>>(
  rows: T & { [C in keyof T]: Exemplified<T[C]> },
): T => rows

/** A text as people read it in the tables: what differs each time stands in `{…}`. */
export const shownText = (text: string, { example = {} }: Pick<Row, 'example'>): string =>
  fill(text, example, (value) => value.replace(/\S(.*\S)?/s, '{$&}'))

/** A shown text as Markdown: what differs each time is in italics, for which code needs a tag. */
export const inMarkdown = (shown: string): string =>
  shown
    .replace(/`([^`]*)`/g, (span, code) => (code.includes('{') ? `<code>${code}</code>` : span))
    .replace(/\{([^{}]*)\}/g, (_, words) => `*${words.replace(/[\\*]/g, '\\$&')}*`)
