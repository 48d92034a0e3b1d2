import type { PlayableData } from '../../domain/events.ts'
import type { MediaId } from '../../domain/ids.ts'
import type { EventDefinition } from './definition.ts'

/** The beginning of a video can be played; the rest follows, and media.ready or media.failed ends it. */
export const mediaPlayable: EventDefinition<'media.playable', PlayableData> = {
  type: 'media.playable',
  schemaVersion: 1,
  sample: {
    id: '0b3k9tq2m8x4r' as MediaId,
    tenant: 'acme',
    kind: 'video',
    version: 1,
    width: 1920,
    height: 1080,
    blurhash: 'LEHV6nWB2yk8pyo0adR*.7kCMdnj',
    thumbhash: '1QcSHQRnh493V4dIh4eXh1h4kJUI',
    palette: [{ colour: '#2f4a6b', share: 0.62 }],
    focus: { x: 0.41, y: 0.36 },
    durationMs: 612_480,
    hls: 'https://cdn.example/a/0b3k9tq2m8x4r.00112233445566ff/master.m3u8',
    poster: 'https://cdn.example/m/0b3k9tq2m8x4r.1/7.1000.fedcba9876543210/poster.jpg',
  },
}
