/** Certificates for servers and clients of a test, signed by an authority of its own. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export interface Pair {
  cert: string
  key: string
}

export interface Authority extends Pair {
  /** For 127.0.0.1 and localhost if no other names are given. */
  sign(name: string, hosts?: string[]): Promise<Pair>
}

const day = 86_400_000
const validFor = {
  notBeforeDate: new Date(Date.now() - day),
  notAfterDate: new Date(Date.now() + day),
}

export async function createAuthority(): Promise<Authority> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'tests' }], {
    ...validFor,
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  return {
    cert,
    key,
    async sign(name, hosts = ['localhost']) {
      const signed = await generate([{ name: 'commonName', value: name }], {
        ...validFor,
        algorithm: 'sha256',
        ca: { cert, key },
        extensions: [
          { name: 'basicConstraints', cA: false, critical: true },
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          {
            name: 'subjectAltName',
            altNames: [
              ...hosts.map((value) => ({ type: 2 as const, value })),
              ...(hosts.includes('localhost') ? [{ type: 7 as const, ip: '127.0.0.1' }] : []),
            ],
          },
        ],
      })
      return { cert: signed.cert, key: signed.private }
    },
  }
}

/** Writes the parts of a pair into a folder. @returns where they are */
export async function writePair(folder: string, name: string, pair: Pair): Promise<Pair> {
  const at = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
  await writeFile(at.cert, pair.cert)
  await writeFile(at.key, pair.key, { mode: 0o600 })
  return at
}
