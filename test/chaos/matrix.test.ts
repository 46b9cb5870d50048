/** The cells of the matrix that no other test shows; `npm run chaos` plays all of them. */
import { expect, test } from 'vitest'
import { playCell } from '../../chaos/cell.ts'
import { nameOf, shortMatrix } from '../../chaos/matrix.ts'
import { testGround } from './ground.ts'

const ground = await testGround()

test.concurrent.for(shortMatrix().map((cell) => [nameOf(cell), cell] as const))(
  '%s',
  { timeout: 180_000 },
  async ([, cell]) => {
    const { problems, outcome, why } = await playCell(ground, cell)
    expect(problems).toEqual([])
    const { expected } = cell
    const wanted = expected.state === 'failed' ? `failed: ${expected.code}` : 'completed'
    // Only a disk can be out of reach: it says what was tried.
    const isOutOfReach = cell.fault === 'full' && why !== undefined
    expect(outcome).toBe(isOutOfReach ? 'not possible here' : wanted)
  },
)
