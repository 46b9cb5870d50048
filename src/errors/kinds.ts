/** The kinds of errors, and the exit codes that the command line makes of them. */

/** What each kind means, in the order in which people read the table. */
export const kinds = {
  user: {
    retryable: false,
    meaning:
      'The request, the spec or the set-up is wrong. An ingest that meets one fails at once.',
  },
  data: {
    retryable: false,
    meaning:
      'The files or the rows are not as they should be. An ingest that meets one fails at once.',
  },
  transient: {
    retryable: true,
    meaning:
      'Something is away for a while. The activity is tried again, after half a second at first ' +
      'and every 30 seconds at last, until it works or the ingest is cancelled.',
  },
  capacity: {
    retryable: true,
    meaning: 'Something is short: room, connections, locks. It is tried again in the same way.',
  },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>

export type Kind = keyof typeof kinds

export const exitCodes = {
  0: 'It is done. An ingest that was waited for has completed.',
  1: 'It is not done, or the ingest did not complete.',
  2: 'The command line is not valid, or does not say which worker is meant.',
  130: 'Ctrl-C ended the command, which says what goes on without it, and how to follow that.',
  143: 'SIGTERM ended it in the same way. Where its terminal was closed (SIGHUP), the code is 129.',
} as const

export type ExitCode = keyof typeof exitCodes
