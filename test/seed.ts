/**
 * The same rounds of all property tests on each run: one that fails does so for everybody, and again.
 * `SLUICE_SEED=7 npm test -- test/formats` tries others.
 */
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env.SLUICE_SEED ?? 20_261_128) })
