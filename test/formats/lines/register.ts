/** Adds the toy format. It must be there before what makes schemas and flags of the formats. */
import { formats } from '../../../src/formats/index.ts'
import { lines } from './format.ts'

Object.assign(formats, { lines })
