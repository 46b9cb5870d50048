/** The name of a connection: it is in variables, in messages, and in the addresses of sources. */
import { Type } from 'typebox'

export const namePattern = /^[a-z][a-z0-9_]{0,62}$/

/** For the options of a source. @param description what the source has of the connection */
export const ConnectionName = (description: string) =>
  Type.String({ pattern: namePattern.source, description })
