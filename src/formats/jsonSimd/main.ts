/** What ../jsonLoop.ts calls, and where it finds and puts what. */
export { clearCounts, count, counted, countedTo } from './count'
export { addKey, forgetKeys, roomFor } from './keys'
export { countBytes, counts, keyTextBytes, keyTexts, out, records, seen, ways } from './layout'
export { between } from './record'
export { write, written, writtenBytes, writtenTo } from './rows'
