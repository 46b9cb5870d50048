/** Bars of progress. Whatever ends the process, the terminal gets its cursor back. */
import { type Options, SingleBar } from 'cli-progress'

/** @returns a bar that has not started */
export function createBar(options: Options): SingleBar {
  // Its own handling of signals would keep a process that was told to end.
  const own = { hideCursor: true, clearOnComplete: true, linewrap: false, gracefulExit: false }
  const bar = new SingleBar({ ...own, ...options })
  const restore = () => bar.stop()
  bar.on('start', () => process.once('exit', restore))
  bar.on('stop', () => process.off('exit', restore))
  return bar
}
