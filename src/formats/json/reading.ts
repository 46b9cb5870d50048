/** How a document of JSON is read. */
import type { JsonReading } from '../jsonFields.ts'

export interface DocumentReading extends JsonReading {
  kind: 'json'
  /** Its records are the elements of a list; else they follow one another. */
  isList?: true
  /** How many objects are around that list. */
  within?: number
}
