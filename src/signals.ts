/** The signals that ask a process to stop. */
import { constants } from 'node:os'

/** The last one comes when the terminal that it was started in is closed. */
export const stops = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type Stop = (typeof stops)[number]

/** npm and shells pass on what we have had from the terminal already: within this time it is one signal. */
export const echoMs = 300

/** The exit code of a process that a signal ended, as shells have it: 130 for a Ctrl-C. */
export const exitCodeOf = (signal: Stop): number => 128 + constants.signals[signal]
