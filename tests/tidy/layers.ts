/** The law of imports as one table: which top-level folders a folder may import, and how. */
export type Way = 'value' | 'type'

const shelf = ['domain'] as const
const floor = ['domain', 'media', 'blobstore', 'objects', 'catalog', 'events', 'cdn'] as const

export const layers: Readonly<Record<string, { readonly value: readonly string[]; readonly type?: readonly string[] }>> = {
  domain: { value: [] },
  media: { value: shelf },
  blobstore: { value: shelf },
  objects: { value: shelf },
  catalog: { value: shelf },
  events: { value: shelf },
  cdn: { value: shelf },
  activities: { value: floor },
  workflows: { value: shelf, type: ['activities'] },
  api: { value: floor, type: ['workflows'] },
  // What of media it takes has to run in a browser: its bundle has no place for Node and sharp.
  console: { value: ['domain', 'media'], type: ['api'] },
  infra: { value: shelf },
}

/** Composition roots and what only exercises the rest may import anything. */
export const roots: readonly string[] = ['workers', 'tests', 'bench']

/** One vendor, one home. */
export const homes: Readonly<Record<string, readonly string[]>> = {
  sharp: ['media'],
  'fluent-ffmpeg': ['media'],
  exifr: ['media'],
  'libheif-js': ['media'],
  blurhash: ['media', 'console'],
  '@aws-sdk/client-s3': ['objects'],
  '@aws-sdk/s3-request-presigner': ['objects'],
  minio: ['objects'],
  kafkajs: ['events'],
  koffi: ['blobstore'],
  pg: ['catalog'],
  'hls.js': ['console'],
  esbuild: ['console'],
  'prom-client': ['workers'],
  fresh: ['cdn', 'api'],
  'range-parser': ['cdn'],
  '@temporalio/worker': ['workers'],
  '@temporalio/client': ['api', 'workers'],
  '@temporalio/activity': ['activities'],
  '@temporalio/workflow': ['workflows'],
  '@temporalio/common': ['activities', 'workflows', 'api', 'workers'],
}

/** Folders without a single node: import: they must run in the workflow sandbox. */
export const pure: readonly string[] = ['domain', 'workflows']
