/** Colours and the cursor: only for a terminal that has them, and whose user wants them. */
import pc from 'picocolors'
import { forcesColour, wantsPlain } from '../config.ts'

/** A pipe, a file, TERM=dumb or NO_COLOR: plain lines, and nothing that acts on a terminal. */
export const isPlain = (stream: { isTTY?: boolean }): boolean =>
  stream.isTTY !== true || wantsPlain()

const colorsOf = (stream: { isTTY?: boolean }) =>
  pc.createColors(forcesColour() || !isPlain(stream))

export const colors = colorsOf(process.stdout)
export const errorColors = colorsOf(process.stderr)
