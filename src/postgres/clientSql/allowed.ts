/**
 * What SQL of a client may do: compute values of the rows of its ingest, and nothing else. The list says
 * what is allowed; what is not in it is refused, so what a later PostgreSQL brings is refused too.
 */
import type { Connection } from '../db.ts'
import { isNode, type Node, nodesIn, type Value } from './nodeTree.ts'

/** Nodes of a query that takes one row and gives one row. */
const rowNodes = new Set(
  `QUERY RANGETBLENTRY RTEPERMISSIONINFO ALIAS FROMEXPR RANGETBLREF TARGETENTRY
   VAR CONST FUNCEXPR NAMEDARGEXPR OPEXPR DISTINCTEXPR NULLIFEXPR SCALARARRAYOPEXPR BOOLEXPR
   FIELDSELECT RELABELTYPE COERCEVIAIO ARRAYCOERCEEXPR COLLATEEXPR CASEEXPR CASEWHEN CASETESTEXPR
   ARRAYEXPR ROWEXPR ROWCOMPAREEXPR COALESCEEXPR MINMAXEXPR SQLVALUEFUNCTION NULLTEST BOOLEANTEST
   SUBSCRIPTINGREF JSONISPREDICATE JSONVALUEEXPR JSONFORMAT JSONRETURNING JSONCONSTRUCTOREXPR`.split(
    /\s+/,
  ),
)

/** What a query may have besides that looks at all rows together. */
const setNodes = new Set(
  `AGGREF WINDOWFUNC WINDOWCLAUSE SORTGROUPCLAUSE GROUPINGSET GROUPINGFUNC SUBLINK SETOPERATIONSTMT
   COMMONTABLEEXPR JOINEXPR`.split(/\s+/),
)

/** Fields that are the number of a function, of an operator, of a type. */
const functionFields = `funcid opfuncid hashfuncid negfuncid aggfnoid winfnoid startInRangeFunc
  endInRangeFunc`.split(/\s+/)
const operatorFields = ['opno', 'opnos', 'eqop', 'sortop']
const typeFields = ['resulttype', 'minmaxtype', 'consttype', 'array_typeid', 'element_typeid']

/** Kinds of what a query reads from: a table, a subquery, a join, values, a WITH, nothing, groups. */
const tableKind = '0'
const otherKinds = new Set(['1', '2', '5', '6', '8', '9'])

/**
 * Stable functions of pg_catalog that only compute. The others of this kind read the catalogs, other
 * tables (`table_to_xml`), settings, or what other sessions do.
 */
const stableFunctions =
  `now transaction_timestamp statement_timestamp age date_part extract date_trunc
  timezone to_char to_date to_timestamp to_number make_timestamptz timestamptz timestamp date time timetz
  interval text numeric money float4 float8 int2 int4 int8
  textanycat anytextcat concat concat_ws format array_to_string array_to_json row_to_json to_json to_jsonb
  json_build_array json_build_object jsonb_build_array jsonb_build_object quote_literal quote_nullable
  json_object jsonb_object json_populate_record array_append
  to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery
  isfinite overlaps timestamptz_pl_interval timestamptz_mi_interval interval_pl_timestamptz
  date_eq_timestamptz date_ne_timestamptz date_lt_timestamptz date_le_timestamptz date_gt_timestamptz
  date_ge_timestamptz date_cmp_timestamptz timestamp_eq_timestamptz timestamp_ne_timestamptz
  timestamp_lt_timestamptz timestamp_le_timestamptz timestamp_gt_timestamptz timestamp_ge_timestamptz
  timestamp_cmp_timestamptz timestamptz_eq_date timestamptz_ne_date timestamptz_lt_date
  timestamptz_le_date timestamptz_gt_date timestamptz_ge_date timestamptz_cmp_date
  timestamptz_eq_timestamp timestamptz_ne_timestamp timestamptz_lt_timestamp timestamptz_le_timestamp
  timestamptz_gt_timestamp timestamptz_ge_timestamp timestamptz_cmp_timestamp
  array_eq array_ne array_lt array_gt array_le array_ge record_eq record_ne record_lt record_gt record_le
  record_ge json_agg jsonb_agg json_object_agg jsonb_object_agg json_agg_strict jsonb_agg_strict
  array_agg string_agg count
  generate_subscripts to_ascii convert_from convert_to`.split(/\s+/)

export interface Limits {
  /** The view of the rows of the ingest: the only relation that may be read. */
  rows: number
  /** Each row gives one row at most, by itself. */
  isByRow: boolean
}

/** @returns why the query is refused, in a phrase; null when it is allowed */
export async function whyRefused(
  tx: Connection,
  tree: Value,
  limits: Limits,
): Promise<string | null> {
  const nodes = [...nodesIn(tree)]
  const byForm = problemOfForm(nodes, limits) ?? (limits.isByRow ? problemOfShape(nodes) : null)
  return byForm ?? problemOfNames(tx, nodes)
}

function problemOfForm(nodes: readonly Node[], limits: Limits): string | null {
  for (const node of nodes) {
    const problem = problemOfNode(node, limits)
    if (problem !== null) return problem
  }
  return null
}

function problemOfNode(node: Node, { rows, isByRow }: Limits): string | null {
  const { type } = node
  if (!rowNodes.has(type) && (isByRow || !setNodes.has(type))) return told(type)
  if (type === 'QUERY') return problemOfQuery(node)
  return type === 'RANGETBLENTRY' ? problemOfSource(node, rows) : null
}

function problemOfSource({ fields }: Node, rows: number): string | null {
  const kind = String(fields.get('rtekind'))
  if (kind !== tableKind) return otherKinds.has(kind) ? null : 'it reads from a function'
  return fields.get('relid') === String(rows) ? null : 'it reads another table than `rows`'
}

/** What nodes that are refused are in SQL. */
const told = (type: string): string => {
  const known: Record<string, string> = {
    SUBLINK: 'it has a subquery',
    AGGREF: 'it has an aggregate, like sum or count',
    WINDOWFUNC: 'it has a window function',
    COERCETODOMAIN: 'it has a cast to a domain',
    CONVERTROWTYPEEXPR: 'it has a cast between types of rows',
    SORTGROUPCLAUSE: 'it sorts or groups rows',
    JOINEXPR: 'it has a join',
    COMMONTABLEEXPR: 'it has a WITH',
    SETOPERATIONSTMT: 'it has a UNION, EXCEPT or INTERSECT',
    ROWMARKCLAUSE: 'it locks rows (FOR UPDATE)',
  }
  return known[type] ?? `it has what is not allowed here (${type})`
}

const isTrue = (node: Node, field: string): boolean => node.fields.get(field) === 'true'
const isGiven = (node: Node, field: string): boolean => {
  const value = node.fields.get(field)
  return value !== undefined && value !== '<>'
}

function problemOfQuery(query: Node): string | null {
  if (query.fields.get('commandType') !== '1') return 'it is no SELECT'
  if (isTrue(query, 'hasModifyingCTE')) return 'it changes rows'
  if (isTrue(query, 'hasRecursive')) return 'it is recursive'
  if (isTrue(query, 'hasForUpdate') || isGiven(query, 'rowMarks')) return told('ROWMARKCLAUSE')
  return isTrue(query, 'hasTargetSRFs') ? 'it has a function that returns several rows' : null
}

/** One row of `rows` gives one row or none: then every row of a file can be accounted for. */
function problemOfShape(nodes: readonly Node[]): string | null {
  const [query, other] = nodes.filter(({ type }) => type === 'QUERY')
  if (!query || other) return 'it has a subquery'
  const problem: Record<string, string> = {
    cteList: told('COMMONTABLEEXPR'),
    groupClause: told('SORTGROUPCLAUSE'),
    groupingSets: told('SORTGROUPCLAUSE'),
    havingQual: 'it has a HAVING',
    windowClause: told('WINDOWFUNC'),
    distinctClause: 'it has a DISTINCT',
    sortClause: told('SORTGROUPCLAUSE'),
    limitOffset: 'it has an OFFSET',
    limitCount: 'it has a LIMIT',
    setOperations: told('SETOPERATIONSTMT'),
  }
  const found = Object.keys(problem).find((field) => isGiven(query, field))
  if (found !== undefined) return problem[found] as string
  if (isTrue(query, 'hasAggs')) return told('AGGREF')
  if (isTrue(query, 'hasWindowFuncs')) return told('WINDOWFUNC')
  const from = query.fields.get('jointree')
  const list = isNode(from) ? from.fields.get('fromlist') : undefined
  const tables = nodes.filter(({ type }) => type === 'RANGETBLENTRY')
  const isPlain = Array.isArray(list) && list.length === 1 && tables.length === 1
  const isOfRows = isPlain && isNode(list[0]) && list[0].type === 'RANGETBLREF'
  return isOfRows ? null : 'it does not read from `rows`, once'
}

/** Numbers in fields of this kind, in all nodes. A list of them begins with its kind: `(o 96 97)`. */
function numbersIn(nodes: readonly Node[], fields: readonly string[]): number[] {
  const values = nodes.flatMap((node) => fields.map((field) => node.fields.get(field)))
  const numbers = values
    .flat()
    .map((value) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : 0))
  return [...new Set(numbers)].filter((number) => number > 0)
}

/** PostgreSQL numbers what it is made with below this; what somebody has made is above. */
const firstOwn = 16_384

async function problemOfNames(tx: Connection, nodes: readonly Node[]): Promise<string | null> {
  const { rows } = await tx.query<{ problem: string }>(
    `with used as (
       select unnest($1::oid[]) as oid
       union select oprcode from pg_operator where oid = any ($2::oid[])
     )
     select format('%s is an operator that somebody has made', oprname) as problem
     from pg_operator where oid = any ($2::oid[]) and oid >= $4
     union all
     select format('the function %s %s', p.proname, case
         when p.oid >= $4 or p.pronamespace <> 'pg_catalog'::regnamespace then 'is not one of PostgreSQL itself'
         when p.proretset then 'returns several rows'
         else 'does more than compute a value' end)
     from pg_proc p join used u on u.oid = p.oid
     where p.oid >= $4 or p.pronamespace <> 'pg_catalog'::regnamespace or p.proretset
        or not (p.provolatile = 'i' or p.provolatile = 's' and p.proname = any ($5))
        or p.prorettype in ('refcursor'::regtype, 'internal'::regtype)
        or 'internal'::regtype = any (p.proargtypes)
     union all
     select format('the type %s cannot be cast to here', format_type(t.oid, null))
     from pg_type t left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
     where t.oid = any ($3::oid[]) and coalesce(e.typtype, t.typtype) <> 'e'
       and (t.oid >= $4 or t.typnamespace <> 'pg_catalog'::regnamespace or t.typname ~ '^_?reg')
     limit 1`,
    [
      numbersIn(nodes, functionFields),
      numbersIn(nodes, operatorFields),
      numbersIn(nodes, typeFields),
      firstOwn,
      stableFunctions,
    ],
  )
  return rows[0]?.problem ?? null
}
