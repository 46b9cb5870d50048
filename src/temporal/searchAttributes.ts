/** Search attributes: what ingests can be filtered by in the Temporal Web UI. */
import { type Client, type Connection, isGrpcServiceError } from '@temporalio/client'
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'

export const targetAttribute = defineSearchAttributeKey('SluiceTarget', SearchAttributeType.KEYWORD)
export const sourceAttribute = defineSearchAttributeKey('SluiceSource', SearchAttributeType.KEYWORD)

/** Keyword, as the server's enum has it. */
const keyword = 2

/**
 * Makes sure that the namespace knows our attributes.
 * @returns false when they are missing and we may not add them: ingests then go without
 */
export async function ensureSearchAttributes(client: Client): Promise<boolean> {
  const { operatorService } = client.connection as Connection
  const { namespace } = client.options
  const known = await operatorService.listSearchAttributes({ namespace })
  const missing = [targetAttribute.name, sourceAttribute.name].filter(
    (name) => !(name in (known.customAttributes ?? {})),
  )
  if (missing.length === 0) return true
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, keyword]))
  try {
    await operatorService.addSearchAttributes({ namespace, searchAttributes })
    return true
  } catch (error) {
    // ALREADY_EXISTS (6): another process was faster. Else the server does not let us add them.
    return isGrpcServiceError(error) && error.code === 6
  }
}
