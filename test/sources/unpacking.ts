/** How the tests of sources unpack archives: what has to be kept lies in a folder of the test file. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { unpackLimits } from '../../src/domain/unpack.ts'
import { localSpool } from '../../src/stage/localSpool.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-spool-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

export const unpacking = { limits: unpackLimits, containers: [], spool: localSpool(folder) }
