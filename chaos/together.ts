/** Plays cells side by side: most of their time is waiting. Those that kill a server take turns. */
import { availableParallelism } from 'node:os'
import { type Played, playCell } from './cell.ts'
import { type Ground, withOwnPostgres, withOwnTemporal } from './ground.ts'
import type { Cell, FaultName } from './matrix.ts'

/** Workers take a second or two of a core to start; after that they wait. */
const atOnce = 3 * availableParallelism()

/** These wait longest, and start first. */
const slowFirst: FaultName[] = ['sigstop', 'sigkill', 'stall']

type Say = (played: Played) => void

/** @returns in the order of the cells */
export async function playAll(
  ground: Ground,
  cells: readonly Cell[],
  say: Say = () => {},
): Promise<Played[]> {
  const rank = ({ fault }: Cell) => (slowFirst.includes(fault) ? 0 : 1)
  const killing = (fault: FaultName) => cells.filter((cell) => cell.fault === fault)
  const others = cells
    .filter(({ fault }) => fault !== 'postgres' && fault !== 'temporal')
    .sort((a, b) => rank(a) - rank(b))
  const played = await Promise.all([
    inTurn(killing('postgres'), () => withOwnPostgres(ground, 'own'), say),
    inTurn(killing('temporal'), () => withOwnTemporal(ground, 'own'), say),
    sideBySide(ground, others, say),
  ])
  return cells.map((cell) => played.flat().find((one) => one.cell === cell) as Played)
}

async function inTurn(cells: Cell[], open: () => Promise<Ground>, say: Say): Promise<Played[]> {
  const played: Played[] = []
  if (cells.length === 0) return played
  const ground = await open()
  for (const cell of cells) {
    const one = await playCell(ground, cell)
    say(one)
    played.push(one)
  }
  return played
}

async function sideBySide(ground: Ground, cells: Cell[], say: Say): Promise<Played[]> {
  const played: Played[] = []
  const waiting = [...cells]
  const lane = async () => {
    for (let cell = waiting.shift(); cell; cell = waiting.shift()) {
      const one = await playCell(ground, cell)
      say(one)
      played.push(one)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, cells.length) }, lane))
  return played
}
