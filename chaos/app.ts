/** The step of the ingests that have one: a new file with the same rows. */
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineStep } from '../src/steps/define.ts'

export const copy = defineStep({
  name: 'copy',
  async run(file, { scratch }) {
    await copyFile(file.path, join(scratch, 'copy.csv'))
    return { file: 'copy.csv', result: { sizeBytes: file.sizeBytes } }
  },
})
