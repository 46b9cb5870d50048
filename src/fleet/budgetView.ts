/** How the budget of the target is given and shown: one schema for type, documentation and reply. */
import { type Static, Type } from 'typebox'
import { orNull } from '../domain/schema.ts'

export const Budget = Type.Object(
  {
    unitsMax: orNull(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description:
          'Units that load at once, over all workers and ingests: connections that write to the ' +
          'target. null takes the limit away.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type Budget = Static<typeof Budget>
