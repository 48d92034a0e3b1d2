export { erase } from './erase.ts'
export { image } from './image.ts'
export { ingest } from './ingest.ts'
export { video } from './video.ts'
