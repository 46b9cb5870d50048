/** The command line: `sluice <command>`. */
import { runProgram } from './program.ts'

// A reader that has gone (`| head`, a closed terminal) is no reason to leave work half done.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

process.exitCode = await runProgram(process.argv)
