/**
 * COPY … FROM STDIN on a connection of pg.
 *
 * A chunk goes out as one message, from where it lies, and is done with when the next one is asked
 * for. So a load needs two buffers however long it is, and leaves nothing to collect.
 */
import type { Duplex } from 'node:stream'
import type { Submittable } from 'pg'
import type { Connection } from '../db.ts'

/** What pg calls a connection: what lies beneath a client. */
interface Wire {
  stream: Duplex
  query(text: string): void
  sendCopyFail(why: string): void
}

/** Codes of messages: see "Message Formats" of PostgreSQL's manual. */
const copyData = 'd'.charCodeAt(0)
const copyDone = Buffer.from([0x63, 0, 0, 0, 4])
const lengthBytes = 4

/**
 * @returns how many rows were copied
 * @throws DatabaseError, what reading `chunks` throws, or that the connection is lost
 */
export const copyIn = async (
  tx: Connection,
  statement: string,
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<number> => (await copyAndAsk(tx, statement, chunks)).rows

interface Answered {
  rows: number
  /** The first value that the query selects; null if there is none. */
  answer: string | null
}

/**
 * COPY and a query in one round trip. What COPY has locked is still locked when the query is run.
 * @param statements both, with a semicolon between them
 */
export async function copyAndAsk(
  tx: Connection,
  statements: string,
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<Answered> {
  const copy = new CopyIn(statements)
  tx.query(copy as Submittable)
  await copy.ready
  try {
    for await (const chunk of chunks) await copy.send(chunk)
  } catch (error) {
    await copy.fail()
    throw error
  }
  return copy.end()
}

/** pg calls `submit` when it is this query's turn, and the handlers for each answer to it. */
class CopyIn {
  /** PostgreSQL waits for data. */
  readonly ready: Promise<void>
  readonly #done: Promise<Answered>
  readonly #statement: string
  readonly #head = Buffer.alloc(1 + lengthBytes, copyData)
  #wire: Wire | null = null
  #rows = 0
  #answer: string | null = null
  /** PostgreSQL gave up, or is gone. */
  #failure: { error: unknown } | null = null
  #onReady = () => {}
  #onDone = (_answered: Answered) => {}
  #onError = (_error: unknown) => {}

  constructor(statement: string) {
    this.#statement = statement
    this.#done = new Promise((resolve, reject) => {
      this.#onDone = resolve
      this.#onError = reject
    })
    const isReady = new Promise<void>((resolve) => {
      this.#onReady = resolve
    })
    this.ready = Promise.race([isReady, this.#done.then(() => {})])
    // A caller that awaits one of them gets the error: it must not be an unhandled rejection.
    this.#done.catch(() => {})
    this.ready.catch(() => {})
  }

  /** Resolves when the bytes are no longer needed. */
  async send(bytes: Buffer): Promise<void> {
    if (this.#failure) throw this.#failure.error
    if (bytes.length === 0) return
    const { stream } = this.#wire as Wire
    this.#head.writeUInt32BE(bytes.length + lengthBytes, 1)
    await new Promise<void>((resolve) => {
      stream.cork()
      stream.write(this.#head)
      // That it cannot be written is told by `handleError` too, and better.
      stream.write(bytes, () => resolve())
      stream.uncork()
    })
  }

  end(): Promise<Answered> {
    if (!this.#failure) (this.#wire as Wire).stream.write(copyDone)
    return this.#done
  }

  /** Takes the statement back. If it has failed by itself, that is the error to tell. */
  async fail(): Promise<void> {
    if (this.#failure) throw this.#failure.error
    ;(this.#wire as Wire).sendCopyFail('the rows could not be read')
    await this.#done.catch(() => {})
  }

  submit(wire: unknown): void {
    this.#wire = wire as Wire
    this.#wire.query(this.#statement)
  }

  handleCopyInResponse(): void {
    this.#onReady()
  }

  /** pg calls it, and one value needs no description. */
  handleRowDescription(): void {}

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.#answer = fields[0] ?? null
  }

  handleCommandComplete({ text }: { text: string }): void {
    const found = /^COPY (\d+)$/.exec(text)
    if (found) this.#rows = Number(found[1])
  }

  handleReadyForQuery(): void {
    this.#onDone({ rows: this.#rows, answer: this.#answer })
  }

  handleError(error: unknown): void {
    this.#failure = { error }
    this.#onError(error)
  }
}
