/** `up.json`: where the other commands find what runs here. */

import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { UpFile } from '../../../config.ts'
import { toJson } from '../../../domain/visible.ts'

const pathIn = (home: string): string => join(home, 'up.json')

/** It holds the password of the database and the token of the API: for this user only. */
export async function writeUpFile(home: string, up: UpFile): Promise<void> {
  const temporary = `${pathIn(home)}.${process.pid}.tmp`
  await writeFile(temporary, `${toJson(up, 2)}\n`, { mode: 0o600 })
  await rename(temporary, pathIn(home))
}

/** Removes our own; one that another `up` has written since stays. */
export async function removeUpFile(home: string): Promise<void> {
  const text = await readFile(pathIn(home), 'utf8').catch(() => null)
  if (text && (JSON.parse(text) as UpFile).pid === process.pid) await rm(pathIn(home))
}
