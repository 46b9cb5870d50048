/** The columns of an Avro file: their types in PostgreSQL, and what writes their values. */
import { commonType } from '../../domain/declaredTypes.ts'
import type { UnfoldedColumn } from '../../domain/unfolded.ts'
import { escaped } from '../copyText.ts'
import { AvroFault } from './cursor.ts'
import { branchOf, enumWrite, isNumber, isText, JsonWriter } from './json.ts'
import { type ScalarForm, scalarForm, type Write } from './scalars.ts'
import type { Field, Type, UnionType } from './schema.ts'

export interface AvroColumn extends UnfoldedColumn {
  write: Write
  /** How many values lost nanoseconds; absent where there are none. */
  cut?: { values: number }
}

type Form = Pick<ScalarForm, 'type' | 'write' | 'cut'>

/** What the column of values is called that are no records. */
const soleColumn = 'value'

/** A record is a row, and each of its fields a column; any other value is a row of one column. */
export function columnsOf(schema: Type): AvroColumn[] {
  const fields: Field[] =
    schema.kind === 'record' ? schema.fields : [{ name: soleColumn, aliases: [], type: schema }]
  if (fields.length === 0) throw new AvroFault('its records have no fields')
  const json = new JsonWriter()
  return fields.map(({ name, aliases, type }) => ({
    name,
    ...formOf(type, json),
    ...(aliases.length > 0 && { aliases }),
  }))
}

function formOf(type: Type, json: JsonWriter): Form {
  switch (type.kind) {
    case 'union':
      return unionForm(type, json)
    case 'enum':
      return { type: 'text', write: enumWrite(type, (symbol) => Buffer.from(escaped(symbol))) }
    case 'record':
    case 'array':
    case 'map':
      return { type: 'jsonb', write: json.writeOf(type) }
    default:
      return scalarForm(type)
  }
}

const writeNull: Write = (_, to) => to.ascii('\\N')

/** Numbers of several types are the type that holds all of them; what has no common type is JSON. */
function unionForm(union: UnionType, json: JsonWriter): Form {
  const { branches } = union
  const values = branches.filter(({ kind }) => kind !== 'null')
  const isPlain = values.length < 2 || values.every(isNumber) || values.every(isText)
  const inJson = isPlain ? [] : json.branchesOf(union)
  const forms = branches.map((type, at): Form => {
    if (type.kind === 'null') return { type: 'null', write: writeNull }
    const write = inJson[at]
    return write ? { type: 'jsonb', write } : formOf(type, json)
  })
  const types = forms.map(({ type }) => type).filter((type) => type !== 'null')
  const writes = forms.map(({ write }) => write)
  const { cut } = forms.find((form) => form.cut) ?? {}
  return {
    type: types.length === 0 ? 'text' : types.reduce(commonType),
    write: (from, to) => branchOf(from, writes)(from, to),
    ...(cut && { cut }),
  }
}
