import { textAt } from './bytes.ts'
import type { SourceType } from './plans.ts'

/**
 * The type of an ISO base media file (ISO/IEC 14496-12) or of a QuickTime movie that is older than `ftyp`;
 * a name when it is one that is not accepted; null when it is not of this family at all.
 */
export function isoBmffTypeOf(head: Uint8Array): SourceType | { readonly refused: string } | null {
  let offset = 0
  for (;;) {
    const name = textAt(head, offset + 4, 4)
    const size = sizeAt(head, offset)
    if (name === 'ftyp') return typeOfBrands(head.subarray(offset, offset + Math.max(size, 16)))
    if (name === 'styp' || name === 'moof' || name === 'sidx') return { refused: 'a fragment of an MP4 without its header' }
    if (legacyQuickTime.has(name) && (size >= 8 || size === 0 || size === 1)) return 'video/quicktime'
    // Padding may come before the box that tells.
    if (!padding.has(name)) return null
    if (size < 8 || offset + size + 8 > head.length) return 'video/quicktime'
    offset += size
  }
}

const legacyQuickTime: ReadonlySet<string> = new Set(['moov', 'mdat', 'pnot'])
const padding: ReadonlySet<string> = new Set(['wide', 'free', 'skip'])

/** The major brand decides where it is known, else the first compatible brand that is. */
function typeOfBrands(ftyp: Uint8Array): SourceType | { readonly refused: string } {
  const brands = [textAt(ftyp, 8, 4)]
  for (let offset = 16; offset + 4 <= ftyp.length; offset += 4) brands.push(textAt(ftyp, offset, 4))
  // `mif1` and `msf1` say "some HEIF"; only the compatible brands tell which.
  if ((brands[0] === 'mif1' || brands[0] === 'msf1') && brands.some((brand) => brand === 'avif' || brand === 'avis')) return 'image/avif'
  for (const brand of brands) {
    const found = brandTypes.find(([pattern]) => pattern.test(brand))
    if (found) return found[1]
  }
  return { refused: 'an ISO media file of an unknown brand' }
}

const brandTypes: readonly (readonly [RegExp, SourceType | { readonly refused: string }])[] = [
  [/^qt {2}$/, 'video/quicktime'],
  [/^(heic|heix|heim|heis|hevc|hevx|hevm|hevs|mif1|mif2|msf1)$/, 'image/heic'],
  [/^(avif|avis)$/, 'image/avif'],
  [/^crx $/, { refused: 'a camera raw image' }],
  [/^(M4A |M4B |M4P )$/, { refused: 'an MPEG-4 audio file' }],
  [/^(jp2 |jpx |jpm |mjp2)$/, { refused: 'a JPEG 2000 image' }],
  [/^(3g[epr2][0-9a-z]|3gp[0-9]|3g2[a-z])$/, 'video/3gpp'],
  [/^(isom|iso[2-9a-z]|mp4[0-9]|mp71|avc1|hvc1|hev1|av01|M4V |M4V[HP]|dash|MSNV|mmp4|f4v |XAVC|CAEP|NDS[CHMPS]|KDDI)$/, 'video/mp4'],
]

function sizeAt(head: Uint8Array, offset: number): number {
  return (
    ((head[offset] ?? 0) * 0x100_0000 + ((head[offset + 1] ?? 0) << 16) + ((head[offset + 2] ?? 0) << 8) + (head[offset + 3] ?? 0)) >>> 0
  )
}
