/** A real S3 server: `rclone serve s3` over a folder, in which each folder is a bucket. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rclonePath } from '../../scripts/rclone.mjs'
import { keys } from './signature.ts'

export interface Rclone {
  endpoint: string
  folder: string
  close(): Promise<void>
}

interface RcloneOptions {
  /** The test writes into the folder by itself, so that rclone looks there each time: it is slow then. */
  isWrittenTo?: boolean
}

export async function startRclone({ isWrittenTo = true }: RcloneOptions = {}): Promise<Rclone> {
  const binary = rclonePath(join(import.meta.dirname, '../..'))
  if (!existsSync(binary)) throw new Error('There is no rclone: node scripts/test.mjs brings it')
  const folder = await mkdtemp(join(tmpdir(), 'sluice-s3-'))
  const { accessKeyId, secretAccessKey } = keys
  const args = [
    ...[
      'serve',
      's3',
      folder,
      '--addr',
      '127.0.0.1:0',
      '--dir-cache-time',
      isWrittenTo ? '0s' : '1h',
    ],
    ...['--auth-key', `${accessKeyId},${secretAccessKey}`, '--config', join(folder, '.none')],
  ]
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const endpoint = await new Promise<string>((resolve, reject) => {
    let output = ''
    child.on('error', reject)
    child.on('close', () => reject(new Error(`rclone ended: ${output}`)))
    child.stderr.on('data', (data) => {
      output += data
      const [, url] = /(http:\/\/127\.0\.0\.1:\d+)\//.exec(output) ?? []
      if (url !== undefined) resolve(url)
    })
  })
  return {
    endpoint,
    folder,
    async close() {
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
