/** Makes zip archives, good ones and others. */
import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'

export type Members = Record<string, string | Buffer>

/** Names that yazl would refuse are put in afterwards: those here have the same length. */
export async function zip(members: Members, { compress = true } = {}): Promise<Buffer> {
  const archive = new ZipFile()
  for (const [name, content] of Object.entries(members)) {
    if (name.endsWith('/')) archive.addEmptyDirectory(name)
    else archive.addBuffer(Buffer.from(content), name, { compress })
  }
  archive.end()
  return buffer(archive.outputStream)
}

/** Writes another name of the same length everywhere it stands. */
export function renamed(archive: Buffer, from: string, to: string): Buffer {
  return Buffer.from(archive.toString('latin1').replaceAll(from, to), 'latin1')
}

/** Changes a field of every entry of the archive's directory. */
export function withField(archive: Buffer, field: number, value: number): Buffer {
  const changed = Buffer.from(archive)
  for (let at = 0; ; at++) {
    at = changed.indexOf('PK\x01\x02', at, 'latin1')
    if (at < 0) return changed
    changed.writeUInt16LE(value, at + field)
  }
}
