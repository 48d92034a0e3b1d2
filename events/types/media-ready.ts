import type { ReadyData } from '../../domain/events.ts'
import type { MediaId } from '../../domain/ids.ts'
import type { EventDefinition } from './definition.ts'

const base = 'https://cdn.example/m/0b3k9tq2m8x4r.1'

/** An item, or a new version of one, can be shown. */
export const mediaReady: EventDefinition<'media.ready', ReadyData> = {
  type: 'media.ready',
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
    durationMs: 12_480,
    renditions: [
      {
        name: 'master.m3u8',
        url: `${base}/7.3zzzz.0123456789abcdef/master.m3u8`,
        type: 'application/vnd.apple.mpegurl',
        width: 1920,
        height: 1080,
        bytes: 412,
      },
      {
        name: 'poster.jpg',
        url: `${base}/7.1000.fedcba9876543210/poster.jpg`,
        type: 'image/jpeg',
        width: 1080,
        height: 608,
        bytes: 88_214,
      },
    ],
    hls: `${base}/7.3zzzz.0123456789abcdef/master.m3u8`,
    poster: `${base}/7.1000.fedcba9876543210/poster.jpg`,
  },
}
