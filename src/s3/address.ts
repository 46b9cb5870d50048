/**
 * Addresses of objects: `s3://bucket/key`. They are no URLs: what stands behind the bucket is the key
 * as it is, with each `%`, `?`, `#`, `//` and `..` in it.
 */
import { sluiceError } from '../errors.ts'

export interface S3Address {
  bucket: string
  /** A key, what keys begin with, or a glob; it may be empty. */
  key: string
}

/** Those of old buckets may have capitals, `_` and 255 characters. */
const bucketName = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/

/** @throws url_invalid */
export function parseAddress(text: string): S3Address {
  const refuse = (problem: string, url = text) => sluiceError('url_invalid', { url, problem })
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]*)(?:\/(.*))?$/is.exec(text) ?? []
  if (bucket.includes('@')) {
    const shown = text.replace(/^(s3:\/\/)[^/]*@/i, '$1')
    throw refuse('it has a login in it, which belongs in a connection', shown)
  }
  if (bucket === '') throw refuse('it has no bucket: s3://bucket/key')
  if (bucket.startsWith('arn:')) {
    throw refuse('it has an ARN: use the alias of the access point in place of it')
  }
  if (!bucketName.test(bucket)) throw refuse('its bucket is not called as buckets are')
  if (bucket.endsWith('--x-s3')) throw refuse('buckets of S3 Express One Zone are not read')
  return { bucket, key }
}

export const showAddress = ({ bucket, key }: S3Address): string => `s3://${bucket}/${key}`
