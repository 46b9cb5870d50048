/** Where a bucket is asked for: the server, and the path as it is sent. */
import { isIP } from 'node:net'
import type { S3Address } from './address.ts'

export interface S3Server {
  /** Absent for AWS. */
  endpoint?: string
  /** `https://server/bucket/key`, not `https://bucket.server/key`. */
  isPathStyle: boolean
}

export interface Place {
  /** Only its origin counts. */
  url: URL
  /** A path in a URL would lose its `..`; this one is sent as it stands. */
  path: string
}

/** The bucket may be empty: then it is the server itself. */
export function placeOf(
  { endpoint, isPathStyle }: S3Server,
  region: string,
  { bucket, key }: S3Address,
): Place {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  const url = new URL(endpoint ?? `https://s3.${region}.${domain}`)
  const base = url.pathname.replace(/\/+$/, '')
  const inHost = !isPathStyle && isLabel(bucket) && isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0
  if (inHost) url.hostname = `${bucket}.${url.hostname}`
  const folder = inHost || bucket === '' ? base : `${base}/${encoded(bucket)}`
  return { url, path: key === '' ? folder || '/' : `${folder}/${encoded(key)}` }
}

/** With a dot in it, it would be two labels, and no certificate of `*.server` is for these. */
const isLabel = (bucket: string): boolean => /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket)

/** As signatures have it: all but letters, digits, `-._~`, and the slash. */
const encoded = (key: string): string => key.split('/').map(encodedPart).join('/')

export const encodedPart = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
