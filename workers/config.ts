import { hostname } from 'node:os'
import { availableParallelism } from 'node:os'
import { isKey } from '../api/keys.ts'
import { limits } from '../domain/limits.ts'
import { baseUrl, choice, type Environment, hostUrl, hostUrls, list, optional, required, SettingError, text, whole } from './settings.ts'

export type VolumeReads = 'cached' | 'direct'

/** Which S3 holds originals and volumes. */
export interface S3Settings {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** What every process of ours needs to know. */
export interface Config {
  readonly databaseUrl: string
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string | null }
  readonly kafka: { readonly brokers: readonly string[]; readonly topic: string }
  /** Absent: files below `home`, for one machine. */
  readonly s3: S3Settings | null
  readonly home: string
  /** Folders of volumes, one on each disk; empty: one below `home`. */
  readonly volumeFolders: readonly string[]
  /** Folders with copies of the volume files: a mirror, a mounted backup. What is bad is repaired from there. */
  readonly volumeCopies: readonly string[]
  /** Of volume files: through the page cache, or past it (O_DIRECT) where volumes are much larger than memory. */
  readonly volumeReads: VolumeReads
  /** Space that tenants may take; of all together where `tenant` is null. Others keep what they were given before. */
  readonly quotas: readonly { readonly tenant: string | null; readonly bytesMax: number }[]
  /** Base URL of immutable files as browsers see it: the edge where there is one. */
  readonly publicUrl: string
  readonly originUrls: readonly string[]
  readonly edgeUrls: readonly string[]
  /** Name under which this process holds its volumes: no two running processes share one. */
  readonly writer: string
  readonly shard: number
  /** Sizes of variants that may be asked for by anybody, and what grants for others are signed with, the newest first. */
  readonly variants: { readonly sizes: readonly string[]; readonly secrets: readonly string[] }
  /** What encrypted videos' keys are derived from and their addresses signed with; null: there are none. */
  readonly contentSecret: string | null
  readonly slots: { readonly image: number; readonly video: number }
  /** Names this version of our workers; null: a hash over the workflows. */
  readonly buildId: string | null
  /** Where what is counted can be scraped; null: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | null
  /** An API key of tenant `dev`, for a machine of one's own. */
  readonly devKey: string | null
  /** Keys of those who see and set what concerns all tenants. */
  readonly operatorKeys: readonly string[]
}

/** S3 settings when S3_ENDPOINT names one. A key without its secret is refused. */
export function readS3(env: Environment): S3Settings | null {
  if (!optional(env, 'S3_ENDPOINT')) return null
  return {
    endpoint: baseUrl(env, 'S3_ENDPOINT', ''),
    region: text(env, 'S3_REGION', 'us-east-1'),
    bucket: text(env, 'S3_BUCKET', 'darkroom'),
    accessKeyId: required(env, 'S3_ACCESS_KEY_ID'),
    secretAccessKey: required(env, 'S3_SECRET_ACCESS_KEY'),
  }
}

/** Reads everything a separate process of `role` takes from its environment. Throws SettingError. */
export function readConfig(env: Environment, role: string): Config {
  const databaseUrl = required(env, 'DATABASE_URL')
  if (!/^postgres(ql)?:\/\//.test(databaseUrl)) throw new SettingError('DATABASE_URL must begin with postgres://.')
  const originUrls = hostUrls(env, 'ORIGIN_URLS')
  const publicUrl = hostUrl(env, 'PUBLIC_BASE_URL', originUrls[0] ?? 'http://127.0.0.1:4101')
  return {
    databaseUrl,
    temporal: {
      address: required(env, 'TEMPORAL_ADDRESS'),
      namespace: text(env, 'TEMPORAL_NAMESPACE', 'default'),
      uiUrl: optional(env, 'TEMPORAL_UI_URL') ? baseUrl(env, 'TEMPORAL_UI_URL', '') : null,
    },
    kafka: { brokers: list(env, 'KAFKA_BROKERS'), topic: text(env, 'EVENTS_TOPIC', 'darkroom.media.v1') },
    s3: readS3(env),
    home: text(env, 'DARKROOM_HOME', '.darkroom'),
    volumeFolders: list(env, 'VOLUME_FOLDERS'),
    volumeCopies: list(env, 'VOLUME_COPIES'),
    volumeReads: readVolumeReads(env),
    quotas: readQuotas(env),
    publicUrl,
    originUrls: originUrls.length > 0 ? originUrls : [publicUrl],
    edgeUrls: hostUrls(env, 'EDGE_URLS'),
    writer: text(env, 'WRITER_NAME', `${role}@${hostname()}`),
    shard: whole(env, 'ID_SHARD', { min: 0, max: 8191, fallback: 0 }),
    variants: readVariants(env),
    contentSecret: readContentSecret(env),
    slots: readSlots(env),
    buildId: readBuildId(env),
    metrics: readMetrics(env),
    devKey: readDevKey(env),
    operatorKeys: readOperatorKeys(env),
  }
}

export function readBuildId(env: Environment): string | null {
  const value = optional(env, 'BUILD_ID') ?? null
  if (value !== null && !/^[\w.-]{1,100}$/.test(value))
    throw new SettingError('BUILD_ID is made of letters, digits, points, hyphens and underscores.')
  return value
}

/** What pages ask for between the ladder's own widths. */
const VARIANT_SIZES = ['320', '480', '640', '800', '960', '1080', '1200', '1440', '150x150', '300x300', '600x600']

/** VARIANT_SIZES, for example `800,400x300`, and VARIANT_SECRETS, each of 16 characters or more. Throws SettingError. */
export function readVariants(env: Environment): Config['variants'] {
  const given = list(env, 'VARIANT_SIZES')
  const odd = given.find((size) => !/^[1-9][0-9]{0,3}(x[1-9][0-9]{0,3})?$/.test(size))
  if (odd !== undefined) throw new SettingError(`VARIANT_SIZES: ${odd} is no size; write 800 or 400x300.`)
  const large = given.find((size) => size.split('x').some((side) => Number(side) > limits.variantSideMax))
  if (large !== undefined)
    throw new SettingError(`VARIANT_SIZES: ${large} is too large; a side has ${limits.variantSideMax} pixels at most.`)
  const secrets = list(env, 'VARIANT_SECRETS')
  if (secrets.some((secret) => secret.length < 16)) throw new SettingError('VARIANT_SECRETS: a secret has 16 characters at least.')
  return { sizes: given.length > 0 ? given : VARIANT_SIZES, secrets }
}

export function readVolumeReads(env: Environment): VolumeReads {
  return choice(env, 'VOLUME_READS', ['cached', 'direct'])
}

/** SPACE_QUOTAS, for example `*=500GiB,acme=20GiB`: `*` is all tenants together. Throws SettingError. */
export function readQuotas(env: Environment): Config['quotas'] {
  return list(env, 'SPACE_QUOTAS').map((entry) => {
    const [, tenant, number, unit] = /^([^=]+)=([0-9]+)(MiB|GiB|TiB)$/.exec(entry) ?? []
    if (tenant === undefined || unit === undefined)
      throw new SettingError(`SPACE_QUOTAS: ${entry} is no quota; write acme=20GiB or *=500GiB.`)
    const power = ['MiB', 'GiB', 'TiB'].indexOf(unit) + 2
    return { tenant: tenant === '*' ? null : tenant, bytesMax: Number(number) * 1024 ** power }
  })
}

/** METRICS_PORT and METRICS_HOST, loopback unless it is given. */
export function readMetrics(env: Environment): Config['metrics'] {
  if (!optional(env, 'METRICS_PORT')) return null
  return { host: text(env, 'METRICS_HOST', '127.0.0.1'), port: whole(env, 'METRICS_PORT', { min: 0, max: 65_535, fallback: 0 }) }
}

/** DARKROOM_DEV_KEY, of 8 characters or more; null when unset. Throws SettingError. */
export function readDevKey(env: Environment): string | null {
  const key = optional(env, 'DARKROOM_DEV_KEY') ?? null
  if (key !== null && !isKey(key))
    throw new SettingError('DARKROOM_DEV_KEY has 8 to 256 characters: letters, digits and - . _ ~ + /, and = at its end.')
  return key
}

/** OPERATOR_KEYS, each of 24 characters or more; several while one takes another's place. Throws SettingError. */
export function readOperatorKeys(env: Environment): string[] {
  const keys = list(env, 'OPERATOR_KEYS')
  if (keys.some((key) => key.length < 24 || !isKey(key)))
    throw new SettingError('OPERATOR_KEYS: a key has 24 characters at least, letters, digits and - . _ ~ + /.')
  return keys
}

/** CONTENT_KEY_SECRET, of 32 characters or more. Throws SettingError. */
export function readContentSecret(env: Environment): string | null {
  const secret = optional(env, 'CONTENT_KEY_SECRET') ?? null
  if (secret !== null && secret.length < 32) throw new SettingError('CONTENT_KEY_SECRET has 32 characters at least.')
  return secret
}

/** A decode uses about one core and an encoder's chunk another. */
export function readSlots(env: Environment): Config['slots'] {
  const cores = availableParallelism()
  return {
    image: whole(env, 'IMAGE_SLOTS', { min: 1, max: 64, fallback: Math.min(cores, 4) }),
    video: whole(env, 'VIDEO_SLOTS', { min: 1, max: 64, fallback: Math.min(cores, 8) }),
  }
}
