/** The columns of a relation of another database, and the types that a new table gives them. */
import { quoteIdentifier } from '../domain/table.ts'
import type { Field } from './relation.ts'
import type { Session } from './session.ts'

export interface SourceColumn {
  name: string
  /** What a new table has where the target's database does not know `own`. */
  type: string
  /** A type that somebody has made in the source's database, such as an enum or a domain. */
  own: string | null
}

/** The types of PostgreSQL itself whose values mean the same in every database. */
const portable = new Set(
  [
    'bool int2 int4 int8 float4 float8 numeric money text varchar bpchar char bytea uuid xml',
    'date time timetz timestamp timestamptz interval json jsonb jsonpath bit varbit',
    'inet cidr macaddr macaddr8 point line lseg box path polygon circle tsvector tsquery',
    'int4range int8range numrange tsrange tstzrange daterange oid pg_lsn',
    'int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange',
  ].flatMap((names) => names.split(' ')),
)

interface TypeRow {
  oid: number
  schema: string
  name: string
  /** `b` for a base type, `d` for a domain, `e` for an enum: see pg_type.typtype. */
  form: string
  /** The type that a domain is made of; else 0. */
  base: number
  baseModifier: number
  /** The type of the elements of an array; else 0. */
  element: number
}

/**
 * @param fields as PostgreSQL describes what comes out of the relation
 */
export async function typesOf(session: Session, fields: readonly Field[]): Promise<SourceColumn[]> {
  const { rows } = await session.query<TypeRow>(closure, [
    fields.map(({ dataTypeID }) => dataTypeID),
  ])
  const byOid = new Map(rows.map((row) => [row.oid, row]))
  const resolved = fields.map((field) => resolve(byOid, field.dataTypeID, field.dataTypeModifier))
  const plain = resolved.map(({ plain: [oid, modifier] = [null, null] }) => ({ oid, modifier }))
  const written = await session.query<{ type: string | null }>(writtenTypes, [
    plain.map(({ oid }) => oid),
    plain.map(({ modifier }) => modifier),
  ])
  return fields.map(({ name }, at) => {
    const { own, dimensions } = resolved[at] as Resolved
    const found = written.rows[at]?.type ?? ''
    // The server is somebody else's, and what it says becomes part of a statement of ours.
    const type = /^"?[a-z][a-z0-9 _(),-]*"?$/.test(found) ? found : 'text'
    return { name, type: type + dimensions, own: own && own + dimensions }
  })
}

/** Types, with what they are made of. */
const closure = `
  with recursive known as (
    select unnest($1::bigint[])::oid as oid
    union
    select made.oid from known join pg_type t on t.oid = known.oid,
      lateral (values (t.typbasetype), (case when t.typlen = -1 then t.typelem end)) made (oid)
    where made.oid <> 0
  )
  select t.oid::bigint as oid, n.nspname as schema, t.typname as name, t.typtype as form,
         t.typbasetype::bigint as base, t.typtypmod as "baseModifier",
         case when t.typlen = -1 then t.typelem else 0 end::bigint as element
  from known join pg_type t using (oid) join pg_namespace n on n.oid = t.typnamespace`

const writtenTypes = `
  select format_type(asked.oid::oid, asked.modifier) as type
  from unnest($1::bigint[], $2::int[]) with ordinality asked (oid, modifier, place)
  order by place`

interface Resolved {
  /** A type of PostgreSQL itself, with its modifier; absent for text. */
  plain?: [oid: number, modifier: number]
  own: string | null
  dimensions: '' | '[]'
}

function resolve(types: ReadonlyMap<number, TypeRow>, oid: number, modifier: number): Resolved {
  const type = types.get(oid)
  if (!type) return { own: null, dimensions: '' }
  const { schema, name, form, base, baseModifier, element } = type
  if (element !== 0) return { ...resolve(types, element, modifier), dimensions: '[]' }
  if (schema === 'pg_catalog') {
    return { own: null, dimensions: '', ...(portable.has(name) && { plain: [oid, modifier] }) }
  }
  const own = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
  if (form !== 'd') return { own, dimensions: '' }
  const of = resolve(types, base, baseModifier >= 0 ? baseModifier : modifier)
  return { ...of, own }
}
