/** The log: one pino logger a process, for people on a terminal or for machines. */
import pc from 'picocolors'
import { type Logger, pino, stdTimeFunctions } from 'pino'
import pretty from 'pino-pretty'
import { visibleLines } from './domain/visible.ts'

export type { Logger }
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
export type LogFormat = 'pretty' | 'json'

/** Writes to stdout: pretty lines, or one JSON object a line. */
export function createLog(level: LogLevel, format: LogFormat): Logger {
  if (format === 'json') {
    return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime })
  }
  const stream = pretty({
    colorize: process.stdout.isTTY === true && pc.isColorSupported,
    messageFormat: (log, key) => visibleLines(String(log[key] ?? '')),
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    hideObject: true,
    sync: true,
  })
  return pino({ level, base: null }, stream)
}
