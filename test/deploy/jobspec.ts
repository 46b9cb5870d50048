/**
 * The part of Nomad's job specification that our job uses, as its documentation has it: a word that
 * is not here, or a value of another type, is an error. Blocks come as lists of one object.
 */
import { type TSchema, Type } from 'typebox'

const text = Type.String({ minLength: 1 })
const flag = Type.Boolean()
const duration = Type.String({ pattern: '^\\d+(ms|s|m|h)$' })
/** What Nomad puts in: a variable, a local value. */
const reference = Type.String({ pattern: '^\\$\\{(var|local)\\.\\w+\\}$' })
const count = Type.Union([Type.Integer({ minimum: 0 }), reference])
const texts = Type.Array(text)

/** Fields whose names end with `?` may be left out. */
function block(fields: Record<string, TSchema>) {
  const entries = Object.entries(fields).map(([name, schema]) =>
    name.endsWith('?') ? [name.slice(0, -1), Type.Optional(schema)] : [name, schema],
  )
  const object = Type.Object(Object.fromEntries(entries), { additionalProperties: false })
  return Type.Array(object, { minItems: 1, maxItems: 1 })
}
const labelled = (schema: TSchema) => Type.Record(Type.String(), schema)

const update = block({
  'max_parallel?': count,
  'canary?': count,
  'auto_promote?': flag,
  'auto_revert?': flag,
  'health_check?': Type.Enum(['checks', 'task_states', 'manual']),
  'min_healthy_time?': duration,
  'healthy_deadline?': duration,
  'progress_deadline?': duration,
})

const docker = block({
  image: text,
  args: texts,
  'ports?': texts,
  'init?': flag,
  'readonly_rootfs?': flag,
  'cap_drop?': texts,
  'security_opt?': texts,
  'mount?': block({ type: Type.Enum(['bind', 'tmpfs', 'volume']), target: text, 'source?': text }),
})

const task = block({
  driver: Type.Literal('docker'),
  config: docker,
  'env?': Type.Union([reference, block({})]),
  'shutdown_delay?': duration,
  'kill_signal?': Type.String({ pattern: '^SIG[A-Z0-9]+$' }),
  'kill_timeout?': duration,
  'template?': block({ data: text, destination: text, 'env?': flag, 'change_mode?': text }),
  'volume_mount?': block({ volume: text, destination: text, 'read_only?': flag }),
  'resources?': block({ cpu: count, memory: count, 'memory_max?': count }),
})

const check = block({
  type: Type.Enum(['http', 'tcp']),
  'path?': text,
  interval: duration,
  timeout: duration,
})

const group = block({
  'count?': count,
  'update?': update,
  'network?': block({ 'port?': labelled(block({ 'to?': count, 'static?': count })) }),
  'service?': block({ name: text, port: text, provider: text, 'check?': check }),
  'volume?': labelled(
    block({ type: Type.Enum(['host', 'csi']), source: text, 'read_only?': flag }),
  ),
  'restart?': block({
    mode: Type.Enum(['delay', 'fail']),
    'attempts?': count,
    'interval?': duration,
    'delay?': duration,
  }),
  task: labelled(task),
})

const job = block({
  type: Type.Enum(['service', 'batch', 'system']),
  'update?': update,
  'spread?': block({ attribute: text }),
  group: labelled(group),
})

export const jobspec = Type.Object(
  {
    variable: labelled(block({ type: text, 'description?': text, 'default?': Type.Any() })),
    locals: Type.Array(Type.Record(Type.String(), Type.Any())),
    job: labelled(job),
  },
  { additionalProperties: false },
)
