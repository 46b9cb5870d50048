/** The connection of clients to Temporal. Workers have one of their own, see worker/. */
import { Client, Connection } from '@temporalio/client'
import { messageOf, sluiceError } from '../errors.ts'

export interface TemporalAddress {
  address: string
  namespace: string
}

/** @throws temporal_unavailable */
export async function connectTemporal({ address, namespace }: TemporalAddress): Promise<Client> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: '10s' })
    return new Client({ connection, namespace })
  } catch (error) {
    throw sluiceError(
      'temporal_unavailable',
      { address, problem: messageOf(error) },
      { cause: error },
    )
  }
}
