import { Client, S3Error } from 'minio'
import { MediaError } from '../domain/errors.ts'
import type { S3ObjectStoreOptions } from './s3/options.ts'
import { abortStaleUploads } from './s3/stale-uploads.ts'

export interface Provisioned {
  /** Whether it was made now. */
  readonly made: boolean
  /** Whether the server itself removes multipart uploads that were never completed. */
  readonly lifecycle: boolean
  /** Such uploads removed now. */
  readonly aborted: number
}

/** A put that takes longer than this was given up by everyone. */
const STALE_UPLOAD_DAYS = 1
const RULE_ID = 'darkroom-incomplete-uploads'

/**
 * Makes the bucket where there is none, and leaves one that is there, with its objects and rules, as it is.
 * Buckets begin private; one whose policy lets anybody in is refused, as originals carry what cameras and
 * phones wrote into them. Uploads that a killed process left are aborted, by a lifecycle rule where the
 * server has them and in any case now. Run at set-up and start: idempotent, and safe to run at once by many.
 * STORAGE_UNAVAILABLE.
 */
export async function provisionBucket(options: S3ObjectStoreOptions): Promise<Provisioned> {
  const client = clientOf(options)
  const { bucket } = options
  try {
    const made = await makeBucket(client, bucket, options.region)
    await refusePublic(client, bucket)
    const lifecycle = await addRule(client, bucket)
    const aborted = await abortStaleUploads(options, STALE_UPLOAD_DAYS * 24 * 60 * 60_000)
    return { made, lifecycle, aborted }
  } catch (error) {
    throw unavailable(error, bucket)
  }
}

function clientOf(options: S3ObjectStoreOptions): Client {
  const url = new URL(options.endpoint ?? `https://s3.${options.region}.amazonaws.com`)
  const useSSL = url.protocol === 'https:'
  return new Client({
    endPoint: url.hostname,
    port: url.port === '' ? (useSSL ? 443 : 80) : Number(url.port),
    useSSL,
    region: options.region,
    accessKey: options.accessKeyId,
    secretKey: options.secretAccessKey,
    pathStyle: options.forcePathStyle ?? options.endpoint !== undefined,
  })
}

async function makeBucket(client: Client, bucket: string, region: string): Promise<boolean> {
  if (await client.bucketExists(bucket)) return false
  try {
    await client.makeBucket(bucket, region)
    return true
  } catch (error) {
    // Somebody else of ours made it in between. BucketAlreadyExists is a stranger's, and an error.
    if (codeOf(error) === 'BucketAlreadyOwnedByYou') return false
    throw error
  }
}

async function refusePublic(client: Client, bucket: string): Promise<void> {
  const policy = await client.getBucketPolicy(bucket).catch((error: unknown) => {
    if (codeOf(error) === 'NoSuchBucketPolicy') return null
    throw error
  })
  if (policy !== null && policy !== '' && letsAnybodyIn(policy)) {
    throw new MediaError('STORAGE_UNAVAILABLE', 'The bucket has a policy that lets anybody in: remove it, or name another bucket.')
  }
}

/** Whether a bucket policy (JSON) allows something to everybody. */
export function letsAnybodyIn(policy: string): boolean {
  const { Statement } = JSON.parse(policy) as { Statement?: unknown }
  const statements = Array.isArray(Statement) ? Statement : [Statement]
  return statements.some((statement: unknown) => {
    if (typeof statement !== 'object' || statement === null) return false
    const { Effect, Principal } = statement as { Effect?: unknown; Principal?: unknown }
    return Effect === 'Allow' && principals(Principal).includes('*')
  })
}

function principals(principal: unknown): unknown[] {
  if (typeof principal !== 'object' || principal === null) return [principal]
  const { AWS } = principal as { AWS?: unknown }
  return Array.isArray(AWS) ? AWS : [AWS]
}

/** Adds our rule to those that are there. False where the server knows no lifecycle or not this rule of it. */
async function addRule(client: Client, bucket: string): Promise<boolean> {
  try {
    const rules = await rulesOf(client, bucket)
    if (rules.some(({ ID }) => ID === RULE_ID)) return true
    const ours = {
      ID: RULE_ID,
      Status: 'Enabled',
      Filter: { Prefix: '' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: STALE_UPLOAD_DAYS },
    }
    await client.setBucketLifecycle(bucket, { Rule: [...rules, ours] })
    return true
  } catch (error) {
    if (error instanceof S3Error) return false
    throw error
  }
}

async function rulesOf(client: Client, bucket: string) {
  try {
    const config = await client.getBucketLifecycle(bucket)
    return config?.Rule === undefined ? [] : [config.Rule].flat()
  } catch (error) {
    if (codeOf(error) === 'NoSuchLifecycleConfiguration') return []
    throw error
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Keeps the name of an error alone: the client's own carry the server's answer. */
function unavailable(error: unknown, bucket: string): MediaError {
  if (error instanceof MediaError) return error
  const name = codeOf(error) || (error instanceof Error ? error.name : 'unknown')
  return new MediaError('STORAGE_UNAVAILABLE', `The bucket could not be provisioned (${name}).`, { facts: { bucket, name } })
}
