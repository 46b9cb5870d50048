/** The shared servers of the tests, for cells of chaos to stand on. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, inject } from 'vitest'
import { Closing } from '../../bench/closing.ts'
import type { Ground } from '../../chaos/ground.ts'
import { connectTemporal } from '../../src/temporal/connect.ts'

/** Taken down with the file. */
export async function testGround(): Promise<Ground> {
  const closing = new Closing()
  const folder = await mkdtemp(join(tmpdir(), 'sluice-chaos-'))
  closing.add(() => rm(folder, { recursive: true, force: true }))
  const temporalAddress = inject('temporalAddress')
  const client = await connectTemporal({ address: temporalAddress, namespace: 'default' })
  closing.add(() => client.connection.close())
  afterAll(() => closing.close())
  return { databaseUrl: inject('databaseUrl'), temporalAddress, client, folder, closing }
}
