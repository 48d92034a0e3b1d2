import type { ListedPreset } from '../plans.ts'

/** What an app wants unless it says otherwise: a feed's photo ladder and an H.264 ladder up to 1080p. */
export const standard: ListedPreset = {
  name: 'standard',
  summary: 'Photos at up to five widths in JPEG and WebP, videos in H.264 and AAC at up to five heights, as HLS, DASH and one MP4.',
  image: {
    widths: [1440, 1080, 640, 320, 150],
    gainMap: true,
    keepsP3: true,
    formats: [
      { format: 'jpeg', quality: 80 },
      { format: 'webp', quality: 78 },
    ],
  },
  video: {
    rungs: [
      { shortSide: 1080, crf: 23, maxKbps: 6_000 },
      { shortSide: 720, crf: 23, maxKbps: 3_200 },
      { shortSide: 480, crf: 23, maxKbps: 1_600 },
      { shortSide: 360, crf: 24, maxKbps: 900 },
      { shortSide: 240, crf: 25, maxKbps: 450 },
    ],
    fpsMax: 60,
    gopSeconds: 2,
    chunkSeconds: 6,
    audioKbps: 128,
    loudness: { lufs: -14, truePeakDb: -1 },
    posterWidths: [1080, 640, 320],
    mp4ShortSideMax: 720,
  },
}
