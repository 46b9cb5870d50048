/** Signatures, version 4, by the signer of AWS. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Headers } from '../http/transport.ts'
import type { Credentials } from './credentials.ts'

export interface Signing {
  method: string
  url: URL
  /** As it is sent. */
  path: string
  query: Record<string, string>
  /** Those that are of S3 have to be signed. */
  headers: Headers
  /** Its hash is signed: the store refuses what was changed on the way. */
  body: Buffer | undefined
  credentials: Credentials
  region: string
}

/** The headers that go along, those that were given among them. */
export async function signedHeaders(signing: Signing): Promise<Headers> {
  const { method, url, path, query, headers, body = '', credentials, region } = signing
  const sha256 = createHash('sha256').update(body).digest('hex')
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials,
    sha256: Sha256,
    // A key is signed as it is: `a//b` and `a/../b` are names.
    uriEscapePath: false,
  })
  const { headers: signed } = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path,
    query,
    headers: { ...headers, host: url.host, 'x-amz-content-sha256': sha256 },
  })
  const { host: _, ...sent } = signed
  return sent
}

/** What the signer asks of a hash. */
class Sha256 {
  readonly #begin: () => Hash | Hmac
  #hash: Hash | Hmac

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = secret === undefined ? null : bytesOf(secret)
    this.#begin = () => (key === null ? createHash('sha256') : createHmac('sha256', key))
    this.#hash = this.#begin()
  }

  update(data: Uint8Array): void {
    this.#hash.update(data)
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest())
  }

  reset(): void {
    this.#hash = this.#begin()
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  if (!ArrayBuffer.isView(data)) return Buffer.from(data)
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}
