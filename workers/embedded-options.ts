import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { parseTools } from '../infra/engines/tools.ts'
import {
  readBuildId,
  readContentSecret,
  readDevKey,
  readMetrics,
  readOperatorKeys,
  readQuotas,
  readS3,
  readSlots,
  readVariants,
  readVolumeReads,
} from './config.ts'
import type { EmbeddedOptions } from './embedded.ts'
import { baseUrl, type Environment, hostUrl, hostUrls, list, optional, text, wholeNumber } from './settings.ts'

/** First port of the embedded default: API, then origin, Temporal, its UI, PostgreSQL, Kafka. */
const BASE_PORT = 4100

/** Reads the embedded default's settings; `port` is the command line's word. Throws SettingError. */
export function embeddedOptions(
  env: Environment,
  port: string | undefined,
  say: (line: string) => void,
  onLost: (error: unknown) => void,
): EmbeddedOptions {
  const home = resolve(text(env, 'DARKROOM_HOME', '.darkroom').replace(/^~(?=\/|$)/, homedir()))
  const basePort = wholeNumber('--port', port, { min: 0, max: 65_000, fallback: BASE_PORT })
  const databaseUrl = optional(env, 'DATABASE_URL')
  const temporalAddress = optional(env, 'TEMPORAL_ADDRESS')
  const temporalUiUrl = optional(env, 'TEMPORAL_UI_URL')
  const devKey = readDevKey(env)
  return {
    home,
    basePort,
    tools: parseTools(env['DARKROOM_TOOLS']),
    given: {
      ...(databaseUrl ? { databaseUrl } : {}),
      ...(temporalAddress ? { temporalAddress } : {}),
      ...(temporalUiUrl ? { temporalUiUrl: baseUrl(env, 'TEMPORAL_UI_URL', '') } : {}),
      ...(devKey ? { devKey } : {}),
      ...(env['PUBLIC_BASE_URL'] ? { publicUrl: hostUrl(env, 'PUBLIC_BASE_URL', '') } : {}),
      kafkaBrokers: list(env, 'KAFKA_BROKERS'),
      s3: readS3(env),
      edgeUrls: hostUrls(env, 'EDGE_URLS'),
      volumeFolders: list(env, 'VOLUME_FOLDERS'),
      volumeCopies: list(env, 'VOLUME_COPIES'),
      volumeReads: readVolumeReads(env),
    },
    variants: readVariants(env),
    contentSecret: readContentSecret(env),
    quotas: readQuotas(env),
    operatorKeys: readOperatorKeys(env),
    slots: readSlots(env),
    buildId: readBuildId(env),
    metrics: readMetrics(env),
    eventsTopic: text(env, 'EVENTS_TOPIC', 'darkroom.media.v1'),
    say,
    onLost,
  }
}
