/** Captions that there is room for, and files of each. */
const CAPTIONS_MAX = 192
const CAPTION_PARTS_MAX = 0x1000

/**
 * Alternate keys: which file of an item a needle holds. 32 bits: 8 of version, 24 of place, so that a
 * reprocessed item never shares a needle with the version it replaces.
 *
 * Place: 0x00_0000.. an image's renditions in plan order; 0x02_0000.. its variants in the order in which they were
 * first asked for; 0x10_0000.. a video's poster renditions;
 * 0x11_0000 the storyboard's sheet, 0x11_0001 its index;
 * 0x12_0000 the index of the one-file MP4, 0x13_0000 + n its stripes;
 * 0x14_0000 what moves of a picture;
 * 0x14_0000 + track * 4,096 captions: the whole, its playlist, its segments;
 * 0x20_0000 + rung an init segment; 0x30_0000 + rung a playlist (0x3f_ffff the master);
 * 0x31_0000 + rung an I-frame playlist; 0x3f_fffd the DASH manifest;
 * 0x32_0000 + sound the playlists of other sounds than the first;
 * 0x33_0000 and 0x34_0000 + revision the master and the DASH manifest with other captions;
 * 0x40_0000 + index audio segments (0x4f_ffff its init);
 * 0x50_0000 + (sound - 1) * 262,144 the segments, and last of all the init, of other sounds;
 * 0x80_0000 + rung * 65,536 + segment index video segments.
 */
export const altPlaces = {
  image: (index: number) => index,
  variant: (index: number) => 0x02_0000 + index,
  poster: (index: number) => 0x10_0000 + index,
  storyboard: 0x11_0000,
  storyboardIndex: 0x11_0001,
  mp4: 0x12_0000,
  captions: (track: number, part: number) => {
    if (track >= CAPTIONS_MAX || part >= CAPTION_PARTS_MAX) throw new Error(`no place for part ${part} of captions ${track}`)
    return 0x14_0000 + track * CAPTION_PARTS_MAX + part
  },
  mp4Stripe: (index: number) => 0x13_0000 + index,
  motion: 0x14_0000,
  videoInit: (rung: number) => 0x20_0000 + rung,
  playlist: (rung: number) => 0x30_0000 + rung,
  iframes: (rung: number) => 0x31_0000 + rung,
  dash: 0x3f_fffd,
  master: 0x3f_ffff,
  revisedMaster: (revision: number) => 0x33_0000 + revision,
  revisedDash: (revision: number) => 0x34_0000 + revision,
  soundPlaylist: (sound: number) => (sound === 0 ? 0x3f_fffe : 0x32_0000 + sound),
  soundSegment: (sound: number, index: number) => (sound === 0 ? 0x40_0000 : 0x50_0000 + (sound - 1) * 0x4_0000) + index,
  soundInit: (sound: number) => (sound === 0 ? 0x4f_ffff : 0x50_0000 + sound * 0x4_0000 - 1),
  videoSegment: (rung: number, index: number) => 0x80_0000 + rung * 0x1_0000 + index,
} as const

/** The alternate key of a place in a version (1..255). */
export function altOf(version: number, place: number): number {
  if (version < 1 || version > 255 || place < 0 || place > 0xff_ffff)
    throw new Error(`no alternate key for version ${version}, place ${place}`)
  return version * 0x100_0000 + place
}

/** Whether the needle under an alternate key is an index of stripes (striped.ts), and not the file itself. */
export function isStriped(alt: number): boolean {
  return alt % 0x100_0000 === altPlaces.mp4
}
