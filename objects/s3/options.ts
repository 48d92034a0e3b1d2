import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'

export interface S3ObjectStoreOptions {
  /** For example `http://127.0.0.1:9000`; AWS of the region when absent. */
  readonly endpoint?: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Bucket in the path rather than in the host name: what MinIO and most others want. */
  readonly forcePathStyle?: boolean
  /** Size of a multipart part, 5 MiB to 5 GiB; a body of at most this is one PUT. Two are in memory per put. */
  readonly partBytes?: number
  readonly connectMsMax?: number
  /** Without a byte of an answer. */
  readonly idleMsMax?: number
  /** Tries of one request, the first included. */
  readonly attemptsMax?: number
  readonly socketsMax?: number
}

/** S3's own: parts but the last are not smaller, and there are not more of them. */
export const PART_BYTES_MIN = 5 * 1024 ** 2
export const PARTS_MAX = 10_000

/** A client; with `checksums`, it adds the SDK's own to every body and checks them on the way back. */
export function s3Client(options: S3ObjectStoreOptions, checksums: boolean): S3Client {
  const when = checksums ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED'
  const config: S3ClientConfig = {
    region: options.region,
    forcePathStyle: options.forcePathStyle ?? options.endpoint !== undefined,
    credentials: { accessKeyId: options.accessKeyId, secretAccessKey: options.secretAccessKey },
    maxAttempts: options.attemptsMax ?? 3,
    requestChecksumCalculation: when,
    responseChecksumValidation: when,
    requestHandler: {
      connectionTimeout: options.connectMsMax ?? 5_000,
      socketTimeout: options.idleMsMax ?? 30_000,
      httpAgent: { maxSockets: options.socketsMax ?? 64 },
      httpsAgent: { maxSockets: options.socketsMax ?? 64 },
    },
  }
  return new S3Client(options.endpoint === undefined ? config : { ...config, endpoint: options.endpoint })
}
