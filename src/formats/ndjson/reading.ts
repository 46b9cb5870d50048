/** How a file of lines is read. */
import type { JsonReading } from '../jsonFields.ts'

export interface NdjsonReading extends JsonReading {
  kind: 'ndjson'
}
