/** The command line of a Sluice that has the toy format: its worker, its API and its clients. */
import './register.ts'
import '../../../src/cli/index.ts'
