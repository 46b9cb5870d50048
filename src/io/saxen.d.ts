/** The part of saxen that is used here: it brings no types. */
declare module 'saxen' {
  export class Parser {
    on(
      event: 'openTag',
      listener: (
        name: string,
        attributes: () => Record<string, string>,
        decode: (text: string) => string,
        isEmpty: boolean,
      ) => void,
    ): this
    on(
      event: 'closeTag',
      listener: (name: string, decode: (text: string) => string, isEmpty: boolean) => void,
    ): this
    on(event: 'text' | 'cdata' | 'comment' | 'attention', listener: (text: string) => void): this
    on(event: 'error' | 'warn', listener: (error: Error) => void): this
    write(xml: string): this
    end(): Error | null
  }
}
