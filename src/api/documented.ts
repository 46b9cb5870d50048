/**
 * Every answer that an address can give is documented: what all of them share is added here. An
 * address that has no parameters takes none.
 */
import { type TSchema, Type } from 'typebox'
import type { App } from './deps.ts'
import { codesOf, type HttpCode, problems } from './schemas.ts'

/** What a request meets before its handler, or whatever the handler does. */
const ofEvery: HttpCode[] = ['request_invalid', 'host_refused', 'unexpected']
const ofDatabase: HttpCode[] = [
  'database_unavailable',
  'database_login',
  'database_not_ready',
  'drop_blocked',
  'pooler_refused',
  'too_busy',
  'database_refused',
]
const ofChanges: HttpCode[] = ['origin_refused']
const ofBodies: HttpCode[] = ['body_too_large', 'media_type_unknown']

/** For an address that takes no parameters. A load balancer may add some to ask for health. */
const noQuery = Type.Object({}, { additionalProperties: false })

/** Must come before the routes and before the documentation, which reads them. */
export function documentShared(app: App): void {
  app.addHook('onRoute', (route) => {
    const { schema, method, url } = route
    if (!schema || schema.hide || !url.startsWith('/')) return
    if (url.startsWith('/v1/')) schema.querystring ??= noQuery
    const own = (schema.response ?? {}) as Record<number, TSchema>
    const isChange = ![method].flat().some((each) => each === 'GET' || each === 'HEAD')
    // An upload is bytes of any type.
    const takesJson = isChange && !url.startsWith('/v1/uploads/')
    const codes = [
      ...Object.values(own).flatMap(codesOf),
      ...ofEvery,
      ...(url.startsWith('/v1/') ? ofDatabase : []),
      ...(isChange ? ofChanges : []),
      ...(takesJson ? ofBodies : []),
    ]
    const done = Object.entries(own).filter(([status]) => Number(status) < 400)
    schema.response = { ...Object.fromEntries(done), ...problems(...codes) }
  })
}
